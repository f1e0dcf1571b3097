// One app written for @grpc/grpc-js, for each side on either library: ours by its one changed import, and theirs.
import * as theirs from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as ours from "pollwire/grpc-js";
import { test, type TestOptions } from "../../../harness.ts";
import "../../../shared_engines.ts";

/** A library with the API; the types of theirs are others, of the same shape. */
export type Library = typeof ours;

/** Both, by name. */
export const libraries: Readonly<Record<"ours" | "theirs", Library>> = {
  ours,
  theirs: theirs as unknown as Library,
};

/** The service of the apps. */
const PROTO = `
  syntax = "proto3";
  package guide;
  message Note { string text = 1; int32 number = 2; bytes body = 3; }
  service Guide {
    rpc One(Note) returns (Note);
    rpc Down(Note) returns (stream Note);
    rpc Up(stream Note) returns (Note);
    rpc Both(stream Note) returns (stream Note);
  }
`;

/** A message as proto-loader makes it without options. */
export interface Note {
  text?: string;
  number?: number;
  body?: Uint8Array;
}

/** What `source` defines, by proto-loader. */
export function load(source: string): PackageDefinition {
  const folder = mkdtempSync(`${tmpdir()}/grpc-js-`);
  try {
    writeFileSync(`${folder}/a.proto`, source);
    return loadSync(`${folder}/a.proto`, { defaults: true });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const definition = load(PROTO) as ours.PackageDefinition;

/** The service's definition. */
export const service = definition["guide.Guide"] as ours.ServiceDefinition;

/** Handlers, under the names of the methods. */
export type Handlers = Record<string, (call: never, respond: never) => unknown>;

/** One side of a call that is made, and what made it. */
export interface Sides {
  readonly client: ours.ServiceClient;
  readonly server: ours.Server;
  readonly port: number;
  /** The library of the client. */
  readonly calling: Library;
  /** The library of the server. */
  readonly serving: Library;
}

/** Listens, and resolves with the port. */
export function bound(server: ours.Server, credentials: ours.ServerCredentials, address = "127.0.0.1:0") {
  return new Promise<number>((resolve, reject) =>
    server.bindAsync(address, credentials, (error, port) => error === null ? resolve(port) : reject(error))
  );
}

/** The clients' class of the service. */
export function guideClient({ loadPackageDefinition }: Library): ours.ServiceClientConstructor {
  const { guide } = loadPackageDefinition(definition) as { guide: ours.GrpcObject };
  return guide["Guide"] as ours.ServiceClientConstructor;
}

/** Options of an app. */
export interface AppOptions {
  readonly client?: ours.ClientOptions;
  readonly server?: ours.ServerOptions;
}

/** Runs `app` with a client of `calling` and a server of `serving`, which are gone afterwards. */
export async function run(
  calling: Library,
  serving: Library,
  handlers: (library: Library) => Handlers,
  app: (sides: Sides) => Promise<void> | void,
  options: AppOptions = {},
): Promise<void> {
  const server = new serving.Server(options.server);
  server.addService(service, handlers(serving) as ours.UntypedServiceImplementation);
  const port = await bound(server, serving.ServerCredentials.createInsecure());
  const credentials = calling.credentials.createInsecure();
  const client = new (guideClient(calling))(`127.0.0.1:${port}`, credentials, options.client);
  try {
    await app({ client, server, port, calling, serving });
  } finally {
    client.close();
    server.forceShutdown();
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  }
}

const LEAVES: TestOptions = { leaves: "sockets of @grpc/grpc-js close in their own time" };

/** Runs `app` as a test for ours on both sides, and on each side with theirs on the other. */
export function app(
  name: string,
  handlers: (library: Library) => Handlers,
  check: (sides: Sides) => Promise<void> | void,
  options: AppOptions = {},
): void {
  for (const [client, server] of [["ours", "ours"], ["ours", "theirs"], ["theirs", "ours"]] as const) {
    const isOwn = client === server;
    test(
      `grpc-js: ${name}, with ${client === "ours" ? "our" : "their"} client and ${
        server === "ours" ? "our" : "their"
      } server`,
      () => run(libraries[client], libraries[server], handlers, check, options),
      isOwn ? {} : LEAVES,
    );
  }
}

/** The response, error and trailing metadata of a unary call. */
export function outcome(
  make: (callback: (error: ours.ServiceError | null, value?: Note) => void) => ours.ClientUnaryCall,
): Promise<{ error: ours.ServiceError | null; value: Note | undefined; initial: ours.Metadata | undefined }> {
  return new Promise((resolve) => {
    let initial: ours.Metadata | undefined = undefined;
    const call = make((error, value) => resolve({ error, value, initial }));
    call.on("metadata", (metadata) => initial = metadata);
  });
}
