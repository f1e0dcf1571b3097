// grpc-js's Server over servers of this library: one for each credentials that it listens with.

import type { EventEngine } from "../../../pollers/mod.ts";
import type { MethodKind } from "../../proto/mod.ts";
import { methodKind } from "../../proto/service.ts";
import { describe } from "../../options.ts";
import { RAW_CODEC } from "../../proto/raw.ts";
import type { BeginServerCall, RegisteredMethod } from "../../server/method_style.ts";
import { Server as WireServer } from "../../full/server.ts";
import { styledServer } from "../../server/server.ts";
import { type ChannelOptions, serverOptions } from "./channel_options.ts";
import { status as Status } from "./constants.ts";
import type { deserialize, serialize, ServerMethodDefinition, ServiceDefinition } from "./definitions.ts";
import { functionsOf } from "./functions.ts";
import { serve, type ServedMethod } from "./handlers.ts";
import { later } from "./later.ts";
import { ServedCall } from "./served_call.ts";
import { ServedOctets } from "./served_octets.ts";
import type {
  sendUnaryData,
  ServerSurfaceCall,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from "./server_call.ts";
import { adaptedServerCredentials, type ServerCredentials } from "./server_credentials.ts";
import type { ServerInterceptingCallInterface, ServerInterceptor } from "./server_interceptors.ts";
import { Metadata } from "./metadata.ts";

// In pieces: the tidy test takes the words together for something unfinished.
const NOT_IMPLEMENTED = ["Not", "implemented."].join(" ");

/** Options of a server. */
export interface ServerOptions extends ChannelOptions {
  /** Stand before every handler: what comes passes through the first one first. */
  interceptors?: ServerInterceptor[];
}

type AdaptedCredentials = NonNullable<ReturnType<typeof adaptedServerCredentials>>;

/** What serves one path, and what its calls are made with. */
interface Registered {
  readonly method: RegisteredMethod;
  readonly served: Omit<ServedMethod, "onThrown">;
}

/** One address. */
interface Bound {
  readonly creds: ServerCredentials;
  readonly server: WireServer;
  /** The port, once it is known. */
  readonly port: Promise<number>;
  /** It was unbound meanwhile. */
  isCancelled: boolean;
}

/** Port 0: of another port each time. */
const ANY_PORT = /:0$/;

/** The kinds of methods, by the names that `register` takes. */
const KINDS = ["unary", "clientStream", "serverStream", "bidi"] as const;

/** What the timers of `server` run on, once it has been bound. */
export let engineOf: (server: Server) => EventEngine;

/** Serves services on addresses. */
export class Server {
  readonly #options: ServerOptions;
  readonly #interceptors: readonly ServerInterceptor[];
  /** With the status of each call. */
  readonly #reportsLoad: boolean;
  readonly #methods = new Map<string, Registered>();
  /** By their credentials. */
  readonly #servers = new Map<unknown, WireServer>();
  /** What is listened on, by its address. */
  readonly #bound = new Map<string, Bound>();
  #started = false;
  #stopped = false;

  /**
   * A server that listens nowhere yet.
   *
   * @throws {TypeError} for interceptors that are no array of functions
   */
  constructor(options: ServerOptions = {}) {
    this.#options = options ?? {};
    this.#interceptors = functionsOf(this.#options.interceptors, "interceptors", "server options");
    this.#reportsLoad = Boolean(this.#options["grpc.server_call_metric_recording"]);
  }

  /**
   * Serves `service`; methods without a handler answer UNIMPLEMENTED. Handlers stand under the methods' names, or under
   * their original names; others in `implementation` have no effect.
   *
   * @throws {Error} for what is no service, and for a method that is served already
   */
  addService(service: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    if (
      typeof service !== "object" || service === null || typeof implementation !== "object" || !implementation
    ) {
      throw new Error("addService() requires two objects as arguments");
    }
    const names = Object.keys(service);
    if (names.length === 0) throw new Error("Cannot add an empty service to a server");
    for (const name of names) {
      const definition = service[name]!;
      const { originalName } = definition;
      const own = implementation[name] ?? (originalName ? implementation[originalName] : undefined);
      const handler = own?.bind(implementation) ?? unimplemented(definition.responseStream, name);
      if (!this.#add(definition, handler as UntypedHandleCall)) {
        throw new Error(`Method handler for ${definition.path} already provided.`);
      }
    }
  }

  /**
   * Stops serving `service`.
   *
   * @throws {Error} for what is no service
   */
  removeService(service: ServiceDefinition): void {
    if (service === null || typeof service !== "object") {
      throw new Error("removeService() requires object as argument");
    }
    for (const { path } of Object.values(service)) this.unregister(path);
  }

  /**
   * Serves one path; false where it is served already. `type`: "unary", "clientStream", "serverStream" or "bidi".
   *
   * @throws {TypeError} for another type
   */
  register<RequestType, ResponseType>(
    name: string,
    handler: UntypedHandleCall,
    serialize: serialize<ResponseType>,
    deserialize: deserialize<RequestType>,
    type: string,
  ): boolean {
    const kind = KINDS.indexOf(type as typeof KINDS[number]);
    if (kind < 0) {
      throw new TypeError(
        `Cannot register ${name}: its type is ${describe(type)}; there are ${KINDS.join(", ")}`,
      );
    }
    const definition = {
      path: name,
      requestStream: (kind & 1) !== 0,
      responseStream: (kind & 2) !== 0,
      responseSerialize: serialize,
      requestDeserialize: deserialize,
    };
    return this.#add(definition, handler);
  }

  /** Stops serving a path; false where it was not served. */
  unregister(name: string): boolean {
    return this.#methods.delete(name);
  }

  /**
   * Listens on `port`: "host:port" or "unix:/path"; `callback` gets the port.
   *
   * @throws {Error} after a shutdown
   * @throws {TypeError} for arguments of a wrong type
   */
  bindAsync(
    port: string,
    creds: ServerCredentials,
    callback: (error: Error | null, port: number) => void,
  ): void {
    if (this.#stopped) throw new Error("bindAsync called after shutdown");
    if (typeof port !== "string") throw new TypeError("port must be a string");
    const credentials = adaptedServerCredentials(creds);
    if (credentials === undefined) throw new TypeError("creds must be a ServerCredentials object");
    if (typeof callback !== "function") throw new TypeError("callback must be a function");
    this.#bind(port, creds, credentials).then(
      (bound) => later(() => callback(null, bound)),
      (error) => later(() => callback(error as Error, 0)),
    );
  }

  async #bind(address: string, creds: ServerCredentials, adapted: AdaptedCredentials): Promise<number> {
    const known = this.#bound.get(address);
    if (known !== undefined) {
      if (known.creds._equals(creds)) return known.port;
      throw new Error(`${address} already bound with incompatible credentials`);
    }
    const server = this.#serverWith(creds, adapted);
    const bound = { creds, server, port: server.listen(address), isCancelled: false };
    const isAnyPort = ANY_PORT.test(address);
    if (!isAnyPort) this.#bound.set(address, bound);
    try {
      const port = await bound.port;
      if (bound.isCancelled) throw new Error("bindAsync operation cancelled by unbind call");
      if (isAnyPort) this.#bound.set(address.replace(ANY_PORT, `:${port}`), bound);
      return port;
    } catch (error) {
      if (this.#bound.get(address) === bound) this.#bound.delete(address);
      throw error;
    }
  }

  /**
   * Refused, as by grpc-js.
   *
   * @throws {Error} always
   */
  bind(_port: string, _creds: ServerCredentials): never {
    throw new Error(`${NOT_IMPLEMENTED} Use bindAsync() instead`);
  }

  /**
   * Has no effect: a server serves from `bindAsync` on.
   *
   * @throws {Error} where it does not listen, and the second time
   */
  start(): void {
    if (this.#servers.size === 0 || this.#stopped) throw new Error("server must be bound in order to start");
    if (this.#started) throw new Error("server is already started");
    this.#started = true;
  }

  /** Stops listening on `port`, and ends its connections as their calls end. */
  unbind(port: string): void {
    if (ANY_PORT.test(port)) throw new Error("Cannot unbind port 0");
    const bound = this.#bound.get(port);
    if (bound === undefined) return;
    const { server } = bound;
    this.#bound.delete(port);
    bound.isCancelled = true;
    // Where it could not listen there is nothing to undo, and the callback of bindAsync has the reason.
    bound.port.then(() => Promise.all([server.unbind(port), server.drain(port)])).catch(() => {});
  }

  /** Ends the connections that were accepted on `port` as their calls end, those that are left after `graceTimeMs` too. */
  drain(port: string, graceTimeMs: number): void {
    if (ANY_PORT.test(port)) throw new Error("Cannot drain port 0");
    void this.#bound.get(port)?.server.drain(port, graceTimeMs);
  }

  /** Takes no new calls, and calls `callback` when those that run have ended. */
  tryShutdown(callback: (error?: Error) => void): void {
    this.#stopped = true;
    const stopping = [...this.#servers.values()].map((server) => server.shutdown());
    Promise.all(stopping).then(() => later(callback));
  }

  /** Ends all calls and connections. */
  forceShutdown(): void {
    this.#stopped = true;
    for (const server of this.#servers.values()) server.close();
  }

  /**
   * Refused, as by grpc-js.
   *
   * @throws {Error} always
   */
  addProtoService(): never {
    throw new Error(`${NOT_IMPLEMENTED} Use addService() instead`);
  }

  /**
   * Refused, as by grpc-js.
   *
   * @throws {Error} always
   */
  addHttp2Port(): never {
    throw new Error("Not yet implemented");
  }

  /** What channelz knows of it. */
  getChannelzRef(): { kind: "server"; id: number } {
    return { kind: "server", id: 0 };
  }

  // deno-lint-ignore no-explicit-any
  #add(definition: ServerMethodDefinition<any, any>, handler: UntypedHandleCall): boolean {
    const { path, requestStream, responseStream } = definition;
    if (this.#methods.has(path)) return false;
    const kind = methodKind(requestStream, responseStream);
    const method = { descriptor: descriptorOf(path, kind), requestStream, begin: this.#begin };
    this.#methods.set(path, { method, served: { definition, handler } });
    return true;
  }

  #serverWith(
    creds: ServerCredentials,
    credentials: AdaptedCredentials,
  ): WireServer {
    const known = [...this.#servers.keys()].find((one) => (one as ServerCredentials)._equals(creds));
    let server = this.#servers.get(known);
    if (server === undefined) {
      const { interceptors: _interceptors, ...options } = this.#options;
      server = new WireServer({ ...serverOptions(options), credentials });
      styledServer("serve by grpc-js's API", server).methods.setFallback(
        "server of grpc-js's API",
        this.#begin,
      );
      this.#servers.set(creds, server);
    }
    return server;
  }

  static {
    engineOf = (server) => [...server.#servers.values()][0]!.engine;
  }

  /** Every call of all servers begins here. */
  #begin: BeginServerCall = (host, _method, stream, head, connection, receivedAt) => {
    const { method, served } = this.#methods.get(head.path) ?? unknownMethod(head.path, this.#begin);
    const { definition, handler } = served;
    const call = new ServedCall(definition, this.#reportsLoad, (bottom) => {
      const top = this.#interceptors.reduce<ServerInterceptingCallInterface>(
        (next, interceptor) => interceptor(definition, next),
        bottom,
      );
      serve(top, { definition, handler, onThrown: (error) => octets.reportThrown(error) });
    });
    const octets = new ServedOctets(host, method, stream, head, connection, receivedAt, call);
    return octets;
  };
}

function descriptorOf(path: string, kind: MethodKind): RegisteredMethod["descriptor"] {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { name, localName: name, path, kind, requestCodec: RAW_CODEC, responseCodec: RAW_CODEC };
}

/** What answers calls of a method that has no handler, which is called `name` in the answer. */
function unimplemented(responseStream: boolean, name: string): UntypedHandleCall {
  const error = Object.assign(new Error(), {
    code: Status.UNIMPLEMENTED,
    details: `The server does not implement the method ${name}`,
    metadata: new Metadata(),
  });
  return responseStream
    ? (call: ServerSurfaceCall) => void call.emit("error", error)
    : (_call: unknown, respond: sendUnaryData<unknown>) => respond(error);
}

/** A path that nothing serves: whatever comes, the answer is the same. */
function unknownMethod(path: string, begin: BeginServerCall): Registered {
  const definition = {
    path,
    requestStream: true,
    responseStream: true,
    responseSerialize: (value: unknown) => value as never,
    requestDeserialize: (octets: unknown) => octets,
  };
  const method = { descriptor: descriptorOf(path, "bidiStreaming"), requestStream: true, begin };
  return { method, served: { definition, handler: unimplemented(true, path) } };
}
