// The reflection services as clients and servers know them: grpc.reflection.v1.ServerReflection, and v1alpha with the same
// messages (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md).

import { parseProto } from "../proto/mod.ts";
import type { BidiStreaming, ServiceOf } from "../proto/service.ts";

/** grpc/reflection/v1/reflection.proto, without its comments; `version` is all in which the two differ. */
const reflectionProto = (version: ReflectionVersion): string => `
  syntax = "proto3";
  package grpc.reflection.${version};
  service ServerReflection {
    rpc ServerReflectionInfo(stream ServerReflectionRequest) returns (stream ServerReflectionResponse);
  }
  message ServerReflectionRequest {
    string host = 1;
    oneof message_request {
      string file_by_filename = 3;
      string file_containing_symbol = 4;
      ExtensionRequest file_containing_extension = 5;
      string all_extension_numbers_of_type = 6;
      string list_services = 7;
    }
  }
  message ExtensionRequest { string containing_type = 1; int32 extension_number = 2; }
  message ServerReflectionResponse {
    string valid_host = 1;
    ServerReflectionRequest original_request = 2;
    oneof message_response {
      FileDescriptorResponse file_descriptor_response = 4;
      ExtensionNumberResponse all_extension_numbers_response = 5;
      ListServiceResponse list_services_response = 6;
      ErrorResponse error_response = 7;
    }
  }
  message FileDescriptorResponse { repeated bytes file_descriptor_proto = 1; }
  message ExtensionNumberResponse { string base_type_name = 1; repeated int32 extension_number = 2; }
  message ListServiceResponse { repeated ServiceResponse service = 1; }
  message ServiceResponse { string name = 1; }
  message ErrorResponse { int32 error_code = 1; string error_message = 2; }
`;

/** Which of the two services: "v1alpha" is what there was before 2022, and what many servers and tools have alone. */
export type ReflectionVersion = "v1" | "v1alpha";

/** One question. `host` is not looked at. */
export interface ReflectionRequest {
  /** The virtual host; it comes back as `validHost`. */
  readonly host?: string;
  /** Which of the following is set. */
  readonly messageRequest?:
    | "fileByFilename"
    | "fileContainingSymbol"
    | "fileContainingExtension"
    | "allExtensionNumbersOfType"
    | "listServices"
    | undefined;
  /** "google/protobuf/any.proto". */
  readonly fileByFilename?: string;
  /** A full name: of a service, method, message, field, oneof, extension, enum or value of an enum. */
  readonly fileContainingSymbol?: string;
  /** A message and the number of a field that extends it. */
  readonly fileContainingExtension?: {
    /** The message's full name. */
    readonly containingType?: string;
    /** The field's number. */
    readonly extensionNumber?: number;
  };
  /** A message's full name. */
  readonly allExtensionNumbersOfType?: string;
  /** Any text. */
  readonly listServices?: string;
}

/** The answer to one question. */
export interface ReflectionResponse {
  /** The request's `host`. */
  readonly validHost?: string;
  /** The request. */
  readonly originalRequest?: ReflectionRequest;
  /** Which of the following is set. */
  readonly messageResponse?:
    | "fileDescriptorResponse"
    | "allExtensionNumbersResponse"
    | "listServicesResponse"
    | "errorResponse"
    | undefined;
  /** Files: serialised google.protobuf.FileDescriptorProtos, the one that was asked for first. */
  readonly fileDescriptorResponse?: {
    /** The files. */
    readonly fileDescriptorProto?: readonly Uint8Array[];
  };
  /** Numbers of extensions. */
  readonly allExtensionNumbersResponse?: {
    /** The message's full name. */
    readonly baseTypeName?: string;
    /** Ascending. */
    readonly extensionNumber?: readonly number[];
  };
  /** Services. */
  readonly listServicesResponse?: {
    /** By name, ascending. */
    readonly service?: readonly {
      /** "routeguide.RouteGuide". */
      readonly name?: string;
    }[];
  };
  /** Why there is no answer: NOT_FOUND mostly. */
  readonly errorResponse?: {
    /** A status code. */
    readonly errorCode?: number;
    /** What is wrong. */
    readonly errorMessage?: string;
  };
}

/** The method of both services. */
export interface ReflectionMethods {
  /** Answers each request with one response, in order. */
  readonly serverReflectionInfo: BidiStreaming<ReflectionRequest, ReflectionResponse>;
}

const loaded = new Map<ReflectionVersion, ServiceOf<ReflectionMethods>>();

/** `grpc.reflection.v1.ServerReflection`, or that of v1alpha, for clients. */
export function reflectionService(version: ReflectionVersion = "v1"): ServiceOf<ReflectionMethods> {
  let service = loaded.get(version);
  if (service === undefined) {
    const name = `grpc/reflection/${version}/reflection.proto`;
    const made = parseProto<{ ServerReflection: ServiceOf<ReflectionMethods> }>(
      reflectionProto(version),
      name,
    );
    loaded.set(version, service = made.ServerReflection);
  }
  return service;
}
