// A client of reflection: which services a server has, and their files, with all that these import.

import { RpcError } from "../call/rpc_error.ts";
import { Metadata } from "../call/metadata.ts";
import { isErrorCode, Status } from "../call/status.ts";
import { callContext, type Channel } from "../channel/channel.ts";
import { type CallOptions, readCallOptions } from "../client/call_options.ts";
import { createClient } from "../promise/client.ts";
import { descriptorCodecs, type FileDescriptor } from "../proto/descriptor/descriptor_types.ts";
import { loadDescriptors } from "../proto/descriptor/load_descriptors.ts";
import {
  DecodeError,
  type LoadedProto,
  type MessageInit,
  ProtoError,
  type ProtoTypes,
} from "../proto/mod.ts";
import { wellKnownFile } from "../proto/well_known.ts";
import {
  type ReflectionRequest,
  type ReflectionResponse,
  reflectionService,
  type ReflectionVersion,
} from "./reflection_service.ts";

/** Files that one symbol may need, as `loadProto` has it, and all their octets: googleapis has 40 million. */
const MAX_FILES = 5000;
const MAX_BYTES = 64 << 20;
/** Questions of one stream: a server that limits how long a stream may be is not met. */
const MAX_QUESTIONS = 100;

/** A request of which what is absent is left out. */
type Request = MessageInit<ReflectionRequest>;

/** A file that the server has sent. */
interface ReflectedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly imports: readonly string[];
}

/**
 * Learns from a server what it serves. The server is asked in version 1 of the protocol, or in v1alpha where it has that
 * alone. What it has answered once is not asked again.
 *
 * @example
 * ```ts ignore
 * import { Channel, createClient, ReflectionClient } from "pollwire";
 * const channel = new Channel("127.0.0.1:50051");
 * const reflection = new ReflectionClient(channel);
 * const { RouteGuide } = await reflection.load("routeguide.RouteGuide");
 * const client = createClient(RouteGuide!, channel);
 * ```
 */
export class ReflectionClient {
  readonly #channel: Channel;
  readonly #options: CallOptions;
  /** That of the options, which may be read once. */
  readonly #metadata: Pick<CallOptions, "metadata">;
  #version: ReflectionVersion = "v1";
  /** By name. */
  readonly #files = new Map<string, ReflectedFile>();
  #bytes = 0;

  /**
   * Calls go by `channel`, each with `options`.
   *
   * @throws {TypeError} for what is no channel, and for options that no call takes
   */
  constructor(channel: Channel, options: CallOptions = {}) {
    callContext("make a reflection client", channel);
    this.#channel = channel;
    this.#options = options;
    const metadata = options?.metadata;
    this.#metadata = metadata === undefined ? {} : { metadata: Metadata.from(metadata) };
    readCallOptions("reflection", metadata === undefined ? options : { ...options, ...this.#metadata });
  }

  /**
   * The full names of all services.
   *
   * @throws {RpcError} (by the promise) UNIMPLEMENTED for a server without reflection
   */
  async services(): Promise<string[]> {
    const [response] = await this.#ask([{ messageRequest: "listServices", listServices: "*" }], ["services"]);
    if (response!.messageResponse !== "listServicesResponse") throw answeredElse("its services");
    return response!.listServicesResponse.service.map(({ name }) => name);
  }

  /**
   * The file that declares `symbol` (the full name of a service, method, message, enum or extension), and all that it
   * imports but `google/protobuf/*.proto`: serialised FileDescriptorProtos, the file itself first.
   *
   * @throws {RpcError} (by the promise) NOT_FOUND where the server does not know it, UNIMPLEMENTED without reflection
   * @throws {ProtoError} (by the promise) where what it sends is no descriptor, or too much
   */
  descriptors(symbol: string): Promise<Uint8Array[]> {
    return this.#closure(symbol, {
      messageRequest: "fileContainingSymbol",
      fileContainingSymbol: symbol,
    });
  }

  /**
   * The file of a path, and all that it imports, as {@linkcode descriptors} has them.
   *
   * @throws {RpcError} (by the promise) NOT_FOUND where the server has no such file
   * @throws {ProtoError} (by the promise) as `descriptors`
   */
  file(path: string): Promise<Uint8Array[]> {
    return this.#closure(path, { messageRequest: "fileByFilename", fileByFilename: path });
  }

  /**
   * Services and types of the files that declare `symbols`, as {@linkcode loadProto} has them.
   *
   * @throws {RpcError} (by the promise) as `descriptors`
   * @throws {ProtoError} (by the promise) as `descriptors`, and where the files cannot be linked
   */
  async load<T = LoadedProto>(...symbols: string[]): Promise<T & ProtoTypes> {
    const all = new Set<Uint8Array>();
    for (const symbol of symbols) for (const file of await this.descriptors(symbol)) all.add(file);
    return loadDescriptors<T>([...all]);
  }

  async #closure(what: string, request: Request): Promise<Uint8Array[]> {
    const [response] = await this.#ask([request], [what]);
    const found = new Set<ReflectedFile>();
    const unread: ReflectedFile[] = [];
    const missing = new Set<string>();
    const add = (file: ReflectedFile) => {
      missing.delete(file.name);
      if (found.size < found.add(file).size) unread.push(file);
    };
    this.#keep(response!, what).forEach(add);
    if (found.size === 0) throw answeredElse(what);
    for (;;) {
      for (let file = unread.pop(); file !== undefined; file = unread.pop()) {
        for (const name of file.imports) {
          const known = this.#files.get(name);
          if (known !== undefined) add(known);
          else if (wellKnownFile(name) === undefined) missing.add(name);
        }
      }
      if (missing.size === 0) return [...found].map(({ bytes }) => bytes);
      (await this.#fetch([...missing].slice(0, MAX_QUESTIONS))).forEach(add);
    }
  }

  /** The files of these names, and what else the server sends with them. */
  async #fetch(names: readonly string[]): Promise<ReflectedFile[]> {
    const request = (name: string): Request => ({
      messageRequest: "fileByFilename",
      fileByFilename: name,
    });
    const responses = await this.#ask(names.map(request), names);
    const files = responses.flatMap((response, i) => this.#keep(response, names[i]!));
    const absent = names.find((name) => !this.#files.has(name));
    if (absent !== undefined) throw answeredElse(absent);
    return files;
  }

  /** Keeps the files of a response, and returns them. */
  #keep(response: ReflectionResponse, what: string): ReflectedFile[] {
    if (response.messageResponse !== "fileDescriptorResponse") throw answeredElse(what);
    return response.fileDescriptorResponse.fileDescriptorProto.map((bytes) => {
      const { name = "", dependency = [], weakDependency = [] } = decode(bytes);
      const known = this.#files.get(name);
      if (known !== undefined) return known;
      this.#bytes += bytes.length;
      if (this.#files.size === MAX_FILES || this.#bytes > MAX_BYTES) {
        throw new ProtoError(
          `Cannot take the files of ${what}: there are more than ${MAX_FILES} files or ${MAX_BYTES} bytes`,
        );
      }
      // Weak imports may be missing, and what a server was not linked with it cannot send.
      const imports = dependency.filter((_, i) => !weakDependency.includes(i));
      const file = { name, bytes: bytes.slice(), imports };
      this.#files.set(name, file);
      return file;
    });
  }

  /** One response for each request, none of which is an error; `what` was asked for with each. */
  async #ask(requests: readonly Request[], what: readonly string[]): Promise<ReflectionResponse[]> {
    const responses = await this.#askEither(requests);
    const refused = responses.findIndex(({ messageResponse }) => messageResponse === "errorResponse");
    if (refused < 0) return responses;
    const { errorCode = 0, errorMessage = "" } = responses[refused]!.errorResponse ?? {};
    throw new RpcError(
      isErrorCode(errorCode) ? errorCode : Status.UNKNOWN,
      `The server's reflection has no ${what[refused]}: ${errorMessage}`,
    );
  }

  /** Asks in the version that the server has. */
  async #askEither(requests: readonly Request[]): Promise<ReflectionResponse[]> {
    try {
      return await this.#askIn(this.#version, requests);
    } catch (error) {
      const isUnknown = error instanceof RpcError && error.code === Status.UNIMPLEMENTED;
      if (!isUnknown || this.#version !== "v1") throw error;
      const responses = await this.#askIn("v1alpha", requests);
      this.#version = "v1alpha";
      return responses;
    }
  }

  async #askIn(
    version: ReflectionVersion,
    requests: readonly Request[],
  ): Promise<ReflectionResponse[]> {
    const client = createClient(reflectionService(version), this.#channel);
    const responses: ReflectionResponse[] = [];
    const options = { ...this.#options, ...this.#metadata };
    for await (const response of client.serverReflectionInfo(requests, options)) {
      if (responses.push(response) > requests.length) break;
    }
    if (responses.length === requests.length) return responses;
    const count = responses.length > requests.length ? "more than" : `${responses.length} of`;
    throw new ProtoError(
      `Cannot use the server's reflection: it has answered ${count} ${requests.length} questions`,
    );
  }
}

function decode(bytes: Uint8Array): FileDescriptor {
  try {
    return descriptorCodecs().file.decode(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ProtoError(`Cannot read what the server's reflection sends: ${error.message}`, {
      cause: error,
    });
  }
}

function answeredElse(what: string): ProtoError {
  return new ProtoError(
    `Cannot use the server's reflection: it was asked for ${what}, and has sent something else`,
  );
}
