// The reflection service (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md): which services a server has,
// and the .proto files that describe them.

import { Status, type StatusCode } from "../call/status.ts";
import { FileIndex, withImports } from "../proto/descriptor/file_index.ts";
import type { MessageInit } from "../proto/message_types.ts";
import type { ProtoFile } from "../proto/proto_file.ts";
import type { MethodTable, ServedService } from "../server/method_table.ts";
import { type Server, styledServer } from "../server/server.ts";
import {
  type ReflectionRequest,
  type ReflectionResponse,
  reflectionService,
  type ReflectionVersion,
} from "./reflection_service.ts";

/** A response of which what is absent is left out. */
type Response = MessageInit<ReflectionResponse>;

/**
 * Adds the reflection services, v1 and v1alpha, to a server: grpcurl, `pollwire call` and their like learn from them what
 * they can call. They show all services that the server has when they are asked, with the .proto files of those that were
 * loaded or generated with descriptors.
 *
 * @example
 * ```ts
 * import { Reflection, Server } from "pollwire";
 * const server = new Server();
 * new Reflection(server);
 * ```
 */
export class Reflection {
  readonly #methods: MethodTable;
  #index: FileIndex | undefined = undefined;
  /** The services that `#index` is of. */
  #indexed: readonly ServedService[] = [];

  /**
   * Whoever may call `server` sees its services, and all messages of their files.
   *
   * @throws {TypeError} for what is no server, and for one that has reflection
   */
  constructor(server: Server) {
    this.#methods = styledServer("show its services", server).methods;
    for (const version of ["v1", "v1alpha"] satisfies ReflectionVersion[]) {
      server.addService(reflectionService(version), {
        serverReflectionInfo: (requests) => this.#answerAll(requests),
      });
    }
  }

  async *#answerAll(requests: AsyncIterable<ReflectionRequest>): AsyncGenerator<Response> {
    const sent = new Set<string>();
    for await (const request of requests) {
      yield { validHost: request.host, originalRequest: request, ...this.#answer(request, sent) };
    }
  }

  /** `sent`: the names of files that the client has had on this stream. */
  #answer(request: ReflectionRequest, sent: Set<string>): Response {
    switch (request.messageRequest) {
      case "listServices": {
        const service = this.#methods.servedServices().map(({ name }) => ({ name }));
        return { messageResponse: "listServicesResponse", listServicesResponse: { service } };
      }
      case "fileByFilename": {
        const name = request.fileByFilename;
        return filesOf(this.#files().file(name), sent) ?? notFound(`no file "${name}" is known`);
      }
      case "fileContainingSymbol": {
        const name = request.fileContainingSymbol;
        return filesOf(this.#files().symbol(name), sent) ?? notFound(this.#whyUnknown(name));
      }
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = request.fileContainingExtension;
        return filesOf(this.#files().extension(containingType, extensionNumber), sent) ??
          notFound(`no extension ${extensionNumber} of "${containingType}" is known`);
      }
      case "allExtensionNumbersOfType": {
        const baseTypeName = request.allExtensionNumbersOfType;
        const extensionNumber = this.#files().extensionNumbers(baseTypeName);
        if (extensionNumber === undefined) return notFound(`no message "${baseTypeName}" is known`);
        return {
          messageResponse: "allExtensionNumbersResponse",
          allExtensionNumbersResponse: { baseTypeName, extensionNumber },
        };
      }
      default:
        return refusal(Status.UNIMPLEMENTED, "the request asks for nothing that is known here");
    }
  }

  #whyUnknown(name: string): string {
    const served = this.#methods.servedServices();
    const service = served.find((one) => one.name === name || name.startsWith(`${one.name}.`));
    return service === undefined
      ? `no symbol "${name}" is known`
      : `service "${service.name}" is served without a descriptor`;
  }

  /** The index of what is served now. */
  #files(): FileIndex {
    const served = this.#methods.servedServices();
    if (this.#index === undefined || served !== this.#indexed) {
      this.#index = new FileIndex(served.flatMap(({ file }) => file ?? []));
      this.#indexed = served;
    }
    return this.#index;
  }
}

/** `file`, and what it imports as far as it is not `sent` yet; undefined where there is no file. */
function filesOf(file: ProtoFile | undefined, sent: Set<string>): Response | undefined {
  if (file === undefined) return undefined;
  const files = [...withImports([file])].filter((one) => one === file || !sent.has(one.name));
  for (const { name } of files) sent.add(name);
  return {
    messageResponse: "fileDescriptorResponse",
    fileDescriptorResponse: { fileDescriptorProto: files.map((one) => one.bytes()) },
  };
}

function notFound(message: string): Response {
  return refusal(Status.NOT_FOUND, message);
}

function refusal(errorCode: StatusCode, errorMessage: string): Response {
  return { messageResponse: "errorResponse", errorResponse: { errorCode, errorMessage } };
}
