// What services are to grpc-js: definitions that @grpc/proto-loader loads, and that grpc-tools, ts-proto and others generate.

import type { Buffer } from "../../../pollers/native/node_classes.ts";

/** Turns a message into octets. */
export type serialize<T> = (value: T) => Buffer;

/** Turns octets into a message. */
export type deserialize<T> = (bytes: Buffer) => T;

/** A method to a client. */
export interface ClientMethodDefinition<RequestType, ResponseType> {
  /** "/package.Service/Method". */
  path: string;
  /** The client sends any number of messages. */
  requestStream: boolean;
  /** The server sends any number of messages. */
  responseStream: boolean;
  /** Of requests. */
  requestSerialize: serialize<RequestType>;
  /** Of responses. */
  responseDeserialize: deserialize<ResponseType>;
  /** Another name, by which clients and handlers have the method too. */
  originalName?: string;
}

/** A method to a server. */
export interface ServerMethodDefinition<RequestType, ResponseType> {
  /** "/package.Service/Method". */
  path: string;
  /** The client sends any number of messages. */
  requestStream: boolean;
  /** The server sends any number of messages. */
  responseStream: boolean;
  /** Of responses. */
  responseSerialize: serialize<ResponseType>;
  /** Of requests. */
  requestDeserialize: deserialize<RequestType>;
  /** Another name, by which clients and handlers have the method too. */
  originalName?: string;
}

/** A method to both. */
export interface MethodDefinition<RequestType, ResponseType>
  extends
    ClientMethodDefinition<RequestType, ResponseType>,
    ServerMethodDefinition<RequestType, ResponseType> {}

/** A method of any messages. */
// deno-lint-ignore no-explicit-any
export type AnyMethodDefinition = MethodDefinition<any, any>;

/** A service: its methods by name. */
// deno-lint-ignore no-explicit-any
export type ServiceDefinition<ImplementationType = any> = {
  readonly [index in keyof ImplementationType]: AnyMethodDefinition;
};

/** A message type or an enum in what was loaded. */
export interface ProtobufTypeDefinition {
  /** "Protocol Buffer 3 DescriptorProto", for one. */
  format: string;
  /** The descriptor. */
  type: object;
  /** Serialised descriptors of its file, and of those that it imports. */
  fileDescriptorProtos: Buffer[];
}

/** What @grpc/proto-loader loads: services and types by full name. */
export interface PackageDefinition {
  /** One of them. */
  [index: string]: ServiceDefinition | ProtobufTypeDefinition;
}
