// The schema that a server's reflection says, asked for as far as it is needed.

import { RpcError } from "../../call/rpc_error.ts";
import { Status, type StatusCode } from "../../call/status.ts";
import type { Channel } from "../../channel/channel.ts";
import type { CallOptions } from "../../client/call_options.ts";
import { createClient } from "../../promise/client.ts";
import type { Assembled } from "../../proto/assemble.ts";
import { descriptorCodecs } from "../../proto/descriptor/descriptor_types.ts";
import { linkDescriptors } from "../../proto/descriptor/link_descriptors.ts";
import { ProtoError } from "../../proto/errors.ts";
import type { FileNode, Named } from "../../proto/language/nodes.ts";
import { wellKnownFile } from "../../proto/well_known.ts";
import {
  type ReflectionRequest,
  type ReflectionResponse,
  reflectionService,
  type ReflectionVersion,
} from "../../services/reflection_service.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { FilesSchema } from "./files_schema.ts";
import type { Schema } from "./schema.ts";

/** The newer version of the protocol first; many servers have the older one alone. */
const VERSIONS: readonly ReflectionVersion[] = ["v1", "v1alpha"];

/** What the server of a channel says of itself. */
export class ReflectionSchema implements Schema {
  readonly origin = "the server's reflection";
  /** Serialised descriptors by the names of their files. */
  readonly #descriptors = new Map<string, Uint8Array>();
  #services: Promise<readonly string[]> | undefined;
  /** Of the descriptors that there are. */
  #files: FilesSchema | undefined;
  /** The version that the server has, once that is known. */
  #version: ReflectionVersion | undefined;

  /** Its calls have `options`. */
  constructor(private readonly channel: Channel, private readonly options: CallOptions) {}

  services(): Promise<readonly string[]> {
    return this.#services ??= this.#listServices();
  }

  async find(symbol: string): Promise<Named | FileNode | undefined> {
    const known = await this.#known().find(symbol);
    if (known !== undefined) return known;
    const isFile = symbol.endsWith(".proto");
    const found = await this.#filesOf(
      isFile
        ? { messageRequest: "fileByFilename", fileByFilename: symbol }
        : { messageRequest: "fileContainingSymbol", fileContainingSymbol: symbol },
    );
    if (found === undefined) {
      // Some servers know methods and values of enums by what they are in alone.
      const outer = symbol.slice(0, Math.max(0, symbol.lastIndexOf(".")));
      if (isFile || outer === "" || await this.find(outer) === undefined) return undefined;
    } else await this.#take(found);
    return await this.#known().find(symbol);
  }

  async types(symbol: string): Promise<Assembled> {
    await this.find(symbol);
    return await this.#known().types();
  }

  async #listServices(): Promise<readonly string[]> {
    const { listServicesResponse } = await this.#ask({ messageRequest: "listServices", listServices: "*" });
    return (listServicesResponse?.service ?? []).map(({ name = "" }) => name);
  }

  #known(): FilesSchema {
    if (this.#files !== undefined) return this.#files;
    try {
      const files = linkDescriptors(this.#descriptors.values());
      return this.#files = new FilesSchema(this.origin, files, files);
    } catch (error) {
      if (!(error instanceof ProtoError)) throw error;
      throw new CommandError(
        `Cannot use what the server's reflection says: ${error.message}; --proto or --protoset are used in place of it`,
        undefined,
        { cause: error },
      );
    }
  }

  /** Undefined where the server knows no such symbol or file. */
  async #filesOf(request: ReflectionRequest): Promise<readonly Uint8Array[] | undefined> {
    try {
      const { fileDescriptorResponse } = await this.#ask(request);
      return fileDescriptorResponse?.fileDescriptorProto ?? [];
    } catch (error) {
      if (error instanceof RpcError && error.code === Status.NOT_FOUND) return undefined;
      throw error;
    }
  }

  /** Adds descriptors, and asks for those that they import and that have not come with them. */
  async #take(descriptors: readonly Uint8Array[]): Promise<void> {
    this.#files = undefined;
    const pending = [...descriptors];
    const asked = new Set<string>();
    for (let wanted: string[] = [];;) {
      for (const bytes of pending.splice(0)) {
        const { name = "", dependency = [] } = descriptorCodecs().file.decode(bytes);
        if (!this.#descriptors.has(name)) this.#descriptors.set(name, bytes);
        wanted.push(...dependency);
      }
      wanted = wanted.filter((name) =>
        !this.#descriptors.has(name) && !asked.has(name) && wellKnownFile(name) === undefined
      );
      const [next] = wanted;
      if (next === undefined) return;
      asked.add(next);
      pending.push(...await this.#filesOf({ messageRequest: "fileByFilename", fileByFilename: next }) ?? []);
    }
  }

  /** One question; what the server answers with an error is an RpcError. */
  async #ask(request: ReflectionRequest): Promise<ReflectionResponse> {
    for (const version of this.#version === undefined ? VERSIONS : [this.#version]) {
      try {
        const response = await this.#askBy(version, request);
        this.#version = version;
        const { errorResponse } = response;
        if (errorResponse === undefined) return response;
        const { errorCode = Status.UNKNOWN, errorMessage = "" } = errorResponse;
        throw new RpcError(errorCode as StatusCode & 1, errorMessage);
      } catch (error) {
        if (!(error instanceof RpcError) || error.code !== Status.UNIMPLEMENTED) throw error;
      }
    }
    throw new CommandError(
      "The server has no reflection, of which the program would learn its services: give their files by --proto or " +
        "--protoset; in pollwire `new Reflection(server)` adds it",
      ExitCode.STATUS + Status.UNIMPLEMENTED,
    );
  }

  async #askBy(version: ReflectionVersion, request: ReflectionRequest): Promise<ReflectionResponse> {
    const client = createClient(reflectionService(version), this.channel);
    for await (const response of client.serverReflectionInfo([request], this.options)) return response;
    throw new CommandError("The server's reflection has ended without an answer");
  }
}
