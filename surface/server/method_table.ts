// Which method serves a call: those of services, those that an API style registered alone, and what serves all others.

import type { RequestHead } from "../../transport/mod.ts";
import type { ProtoFile, ServiceDescriptor } from "../proto/mod.ts";
import type { BeginServerCall, RegisteredMethod } from "./method_style.ts";
import { registerService, type ServiceHandlers, unregisterService } from "./service.ts";

/** A service that is served, as reflection shows it. */
export interface ServedService {
  /** "routeguide.RouteGuide". */
  readonly name: string;
  /** Undefined where it is served without one. */
  readonly file: ProtoFile | undefined;
}

/** The methods of one server. */
export class MethodTable {
  private readonly methods = new Map<string, RegisteredMethod>();
  /** Beginnings of the methods' paths, up to the last slash. */
  private services = new Set<string>();
  /** Services that were added, by full name, with their files. */
  private readonly files = new Map<string, ProtoFile | undefined>();
  /** What `servedServices` returned, until methods change. */
  private served: readonly ServedService[] | undefined = undefined;
  /** Methods of one host alone, by host and path. */
  private readonly ofHosts = new Map<string, RegisteredMethod>();
  /** What was found last: most calls are of one method, or some of one follow each other. */
  private lastPath: string | undefined = undefined;
  private lastMethod: RegisteredMethod | undefined = undefined;
  private fallback: RegisteredMethod | undefined = undefined;
  private fallbackKind = "";

  /** Throws TypeError as `registerService` does. */
  addService<S extends ServiceDescriptor<unknown>>(service: S, handlers: ServiceHandlers<S>): void {
    registerService(service, handlers, this.methods);
    this.files.set(service.fullName, service.file);
    this.changed();
  }

  /** Adds all of them, or none where one is refused: throws TypeError as `registerService` does. */
  addServices(services: ReadonlyMap<ServiceDescriptor<unknown>, ServiceHandlers<ServiceDescriptor>>): void {
    const methods = new Map(this.methods);
    for (const [service, handlers] of services) registerService(service, handlers, methods);
    for (const [path, method] of methods) this.methods.set(path, method);
    for (const { fullName, file } of services.keys()) this.files.set(fullName, file);
    this.changed();
  }

  /** Throws TypeError where `service` is not served. */
  removeService(service: ServiceDescriptor<unknown>): void {
    unregisterService(service, this.methods, this.files);
    this.files.delete(service.fullName);
    this.changed();
  }

  /** Serves one path, of calls to `host` alone where there is one. Throws TypeError where it is served already. */
  addMethod(path: string, method: RegisteredMethod, host?: string): void {
    const [table, key, of] = host === undefined
      ? [this.methods, path, ""]
      : [this.ofHosts, hostKey(host, path), ` of host ${host}`];
    if (table.has(key)) throw new TypeError(`Cannot add ${path}${of}: it is served already`);
    table.set(key, method);
    this.changed();
  }

  /**
   * Serves every path that nothing else does, as a stream of requests. A server has one such service; `kind` says in
   * messages what it is: "generic service". Throws TypeError where there is one.
   */
  setFallback(kind: string, begin: BeginServerCall): void {
    this.checkFallback(kind);
    this.fallback = { descriptor: undefined, requestStream: true, begin };
    this.fallbackKind = kind;
    this.changed();
  }

  /** Whether it is `begin` that serves what nothing else does. */
  isFallback(begin: BeginServerCall): boolean {
    return this.fallback?.begin === begin;
  }

  /** Throws TypeError where a {@linkcode setFallback} of `kind` would. */
  checkFallback(kind: string): void {
    if (this.fallback === undefined) return;
    throw new TypeError(
      `Cannot add a ${kind}: the server has a ${this.fallbackKind}, and one serves all that no service has`,
    );
  }

  /** All services, by name: the same list until methods are added or removed. */
  servedServices(): readonly ServedService[] {
    if (this.served !== undefined) return this.served;
    const names = [...this.methods.keys(), ...this.ofHosts.keys()].map(serviceNameOf);
    return this.served = [...new Set([...this.files.keys(), ...names])].sort()
      .map((name) => ({ name, file: this.files.get(name) }));
  }

  /** What serves the call of `head`: first what serves its host, then what serves any. */
  find(head: RequestHead): RegisteredMethod | undefined {
    if (this.ofHosts.size > 0) return this.lookUp(head);
    const { path } = head; // of a connection's calls mostly the same string
    if (path !== this.lastPath) {
      this.lastMethod = this.lookUp(head);
      this.lastPath = path;
    }
    return this.lastMethod;
  }

  /** Why nothing serves `path`. */
  describeUnknown(path: string): string {
    return this.services.has(serviceOf(path)) ? `unknown method ${path}` : `unknown service ${path}`;
  }

  private lookUp({ path, authority }: RequestHead): RegisteredMethod | undefined {
    const ofHost = this.ofHosts.size === 0 ? undefined : this.ofHosts.get(hostKey(authority, path));
    return ofHost ?? this.methods.get(path) ?? this.fallback;
  }

  private changed(): void {
    this.services = new Set([...this.methods.keys()].map(serviceOf));
    this.lastPath = this.lastMethod = undefined;
    this.served = undefined;
  }
}

function hostKey(host: string, path: string): string {
  return `${host} ${path}`;
}

/** "package.Service" of "/package.Service/Method", also behind a host. */
function serviceNameOf(key: string): string {
  const path = key.slice(key.indexOf(" ") + 1);
  return path.slice(1, path.lastIndexOf("/"));
}

/** "/package.Service/" of "/package.Service/Method". */
function serviceOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
