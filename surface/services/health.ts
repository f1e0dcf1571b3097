// The health service (https://github.com/grpc/grpc/blob/master/doc/health-checking.md): whether a server, and each of its
// services, can take calls.

import { RpcError } from "../call/rpc_error.ts";
import { describe } from "../options.ts";
import { reactor } from "../reactor/reactor.ts";
import type { ReactorContext } from "../reactor/reactor_context.ts";
import { ServerWriteReactor } from "../reactor/server_reactors.ts";
import { type Server, styledServer } from "../server/server.ts";
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthListResponse,
  healthService,
  type ServingStatus,
} from "./health_service.ts";

/** The most services that `List` names (gRFC A90). */
const MOST_LISTED = 100;

/** One client that watches a service: it is told the newest status, and those in between only if it keeps up. */
class Watcher extends ServerWriteReactor<HealthCheckResponse> {
  private sent: ServingStatus | undefined = undefined;
  private writing = false;
  private finished = false;

  constructor(
    context: ReactorContext,
    private readonly health: Health,
    private readonly watchers: Set<Watcher>,
    readonly service: string,
  ) {
    super(context);
    watchers.add(this);
    this.write();
  }

  /** The status may have changed, or the server takes no more calls. */
  changed(): void {
    if (!this.writing) this.write();
  }

  override onWriteDone(ok: boolean): void {
    this.writing = false;
    if (ok) this.write();
    else this.end();
  }

  override onCancel(): void {
    this.end();
  }

  override onDone(): void {
    this.watchers.delete(this);
  }

  private write(): void {
    if (this.finished) return;
    const status = this.health.status(this.service) ?? "SERVICE_UNKNOWN";
    if (status !== this.sent) {
      this.writing = true;
      this.sent = status;
      this.startWrite({ status });
    } else if (this.health.isShutDown) this.end("UNAVAILABLE", "the server is shutting down");
  }

  private end(code: "UNAVAILABLE" | "CANCELLED" = "CANCELLED", details = ""): void {
    if (this.finished) return;
    this.finished = true;
    this.finish(code, details);
  }
}

/**
 * The health of one server. When the server shuts down, all is NOT_SERVING before its clients are told to leave.
 *
 * @example
 * ```ts
 * import { Health, Server } from "pollwire";
 * const server = new Server();
 * const health = new Health(server);
 * health.set("routeguide.RouteGuide", "NOT_SERVING"); // until its data is there
 * ```
 */
export class Health {
  readonly #statuses = new Map<string, ServingStatus>([["", "SERVING"]]);
  readonly #watchers = new Set<Watcher>();
  /** The server takes no more calls: every status is NOT_SERVING, for good. */
  isShutDown = false;

  /**
   * Adds the health service to `server`, of which "" says that it is SERVING.
   *
   * @throws {TypeError} for what is no server, and for one that has a health service
   */
  constructor(server: Server) {
    const { styles } = styledServer("serve its health", server);
    server.addService(healthService(), {
      check: ({ service = "" }) => this.#check(service),
      list: () => this.#list(),
      watch: reactor((context: ReactorContext, { service = "" }: HealthCheckRequest) =>
        new Watcher(context, this, this.#watchers, service)
      ),
    });
    styles.add({
      onStart() {},
      onShutdown: () => this.#shutDown(),
      onOver() {},
      describePending: () => [],
    });
  }

  /** The status of `service`; undefined where it has none. "" is the whole server. */
  status(service: string): ServingStatus | undefined {
    return this.#statuses.get(service);
  }

  /**
   * Says whether `service` can take calls; "" is the whole server. Who watches it is told. After the server's shutdown
   * nothing is changed any more.
   *
   * @throws {TypeError} for another status
   */
  set(service: string, status: "SERVING" | "NOT_SERVING"): void {
    if (status !== "SERVING" && status !== "NOT_SERVING") {
      throw new TypeError(
        `Cannot set the health of "${service}": expected "SERVING" or "NOT_SERVING", found ${
          describe(status)
        }`,
      );
    }
    if (this.isShutDown) return;
    this.#statuses.set(service, status);
    this.#tell(service);
  }

  /** `service` is no service of this server any more. */
  clear(service: string): void {
    if (!this.isShutDown && this.#statuses.delete(service)) this.#tell(service);
  }

  #check(service: string): HealthCheckResponse {
    const status = this.#statuses.get(service);
    if (status === undefined) throw new RpcError("NOT_FOUND", `no health is known of service "${service}"`);
    return { status };
  }

  #list(): HealthListResponse {
    const { size } = this.#statuses;
    if (size > MOST_LISTED) {
      throw new RpcError(
        "RESOURCE_EXHAUSTED",
        `${size} services are more than the ${MOST_LISTED} that are listed`,
      );
    }
    return {
      statuses: Object.fromEntries([...this.#statuses].map(([service, status]) => [service, { status }])),
    };
  }

  #shutDown(): void {
    for (const service of this.#statuses.keys()) this.#statuses.set(service, "NOT_SERVING");
    this.isShutDown = true;
    for (const watcher of this.#watchers) watcher.changed();
  }

  #tell(service: string): void {
    for (const watcher of this.#watchers) if (watcher.service === service) watcher.changed();
  }
}
