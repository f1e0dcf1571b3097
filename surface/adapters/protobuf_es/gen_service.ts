// Services that protoc-gen-es generated, as services of this library.

import type {
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { describeValue } from "../../proto/errors.ts";
import type { ProtoFile } from "../../proto/proto_file.ts";
import { type MethodDescriptor, safeMethodName, type ServiceDescriptor } from "../../proto/service.ts";
import { protobufEsCodec, type ProtobufEsOptions } from "./message_codec.ts";

/** Kinds of methods: protobuf-es's words, and ours. */
export interface MethodKinds {
  /** One request, one response. */
  readonly unary: "unary";
  /** One request, a stream of responses. */
  readonly server_streaming: "serverStreaming";
  /** A stream of requests, one response. */
  readonly client_streaming: "clientStreaming";
  /** A stream of requests, a stream of responses. */
  readonly bidi_streaming: "bidiStreaming";
}

const KINDS: MethodKinds = {
  unary: "unary",
  server_streaming: "serverStreaming",
  client_streaming: "clientStreaming",
  bidi_streaming: "bidiStreaming",
};

/** A method of protobuf-es as one of this library: messages are received whole, and sent as messages or their inits. */
export type MethodOf<M> = M extends {
  readonly input: infer I extends DescMessage;
  readonly output: infer O extends DescMessage;
  readonly methodKind: infer Kind extends keyof MethodKinds;
} ? MethodDescriptor<
    MessageShape<I>,
    MessageShape<O>,
    MethodKinds[Kind],
    MessageInitShape<I>,
    MessageInitShape<O>
  >
  : never;

/** The methods of a generated service, by local name; those that JavaScript calls by itself have a "$" at their end. */
export type MethodsOf<Service extends DescService> = {
  readonly [Name in keyof Service["method"] as Name extends "then" | "toLocaleString" ? `${Name}$` : Name]:
    MethodOf<Service["method"][Name]>;
};

const services = new WeakMap<DescService, ServiceDescriptor>();

/**
 * The service that protoc-gen-es generated as `service`, for clients and servers of every style; without `options`, the
 * same one each time. What is received are messages of protobuf-es; what is sent may be inits of them.
 *
 * @example
 * ```ts ignore
 * import { Channel, createClient, Server } from "pollwire";
 * import { fromGenService } from "pollwire/protobuf-es";
 * import { RouteGuide } from "./gen/route_guide_pb.ts";
 *
 * const client = createClient(fromGenService(RouteGuide), new Channel("127.0.0.1:50051"));
 * const feature = await client.getFeature({ latitude: 409146138, longitude: -746188906 });
 *
 * const server = new Server();
 * server.addService(fromGenService(RouteGuide), { getFeature: (point) => ({ name: "here", location: point }) });
 * ```
 *
 * @throws {TypeError} for what protobuf-es 2 has no service for
 */
export function fromGenService<Service extends DescService>(
  service: Service,
  options?: ProtobufEsOptions,
): ServiceDescriptor<MethodsOf<Service>> {
  if (service?.kind !== "service" || !Array.isArray(service.methods)) {
    throw new TypeError(
      `Cannot make a service: expected one that protoc-gen-es 2 generated, found ${describeValue(service)}`,
    );
  }
  let made = options === undefined ? services.get(service) : undefined;
  if (made === undefined) {
    made = {
      fullName: service.typeName,
      methods: Object.fromEntries(service.methods.map((method) => {
        const descriptor = methodOf(method, options);
        return [descriptor.localName, descriptor];
      })),
      get file() {
        return protoFile(service.file);
      },
    };
    if (options === undefined) services.set(service, made);
  }
  return made as ServiceDescriptor<MethodsOf<Service>>;
}

function methodOf(method: DescMethod, options: ProtobufEsOptions | undefined): MethodDescriptor {
  const { NO_SIDE_EFFECTS, IDEMPOTENT } = MethodOptions_IdempotencyLevel;
  const { name, idempotency } = method;
  const descriptor = {
    name,
    localName: safeMethodName(method.localName),
    path: `/${method.parent.typeName}/${name}`,
    kind: KINDS[method.methodKind],
    requestCodec: protobufEsCodec(method.input, options),
    responseCodec: protobufEsCodec(method.output, options),
  };
  if (idempotency === NO_SIDE_EFFECTS) return { ...descriptor, idempotency: "NO_SIDE_EFFECTS" };
  return idempotency === IDEMPOTENT ? { ...descriptor, idempotency: "IDEMPOTENT" } : descriptor;
}

const protoFiles = new WeakMap<DescFile, ProtoFile>();

/** The .proto file that protobuf-es describes as `file`, for reflection; the same one each time. */
export function protoFile(file: DescFile): ProtoFile {
  let made = protoFiles.get(file);
  if (made === undefined) {
    made = {
      name: file.proto.name,
      get imports() {
        return file.dependencies.map(protoFile);
      },
      bytes: () => toBinary(FileDescriptorProtoSchema, file.proto),
    };
    protoFiles.set(file, made);
  }
  return made;
}
