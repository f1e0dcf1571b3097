// Code in the shapes that ts-proto, proto-loader-gen-types and grpc-tools generate: `deno check` types it, these tests run it.
import { assertEquals } from "@std/assert";
import * as grpc from "pollwire/grpc-js";
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  makeGenericClientConstructor,
  Metadata,
  type ServiceError,
  type UntypedServiceImplementation,
} from "pollwire/grpc-js";
import { test } from "../../../harness.ts";
import { bound, load } from "./sides.ts";

/** As ts-proto has messages: an interface, and an object that codes it. */
interface Hello {
  name: string;
}

const Hello = {
  encode: (message: Hello): { finish(): Uint8Array } => ({
    finish: () => new TextEncoder().encode(message.name),
  }),
  decode: (input: Uint8Array): Hello => ({ name: new TextDecoder().decode(input) }),
};

const coded = {
  requestSerialize: (value: Hello): Buffer => Buffer.from(Hello.encode(value).finish()),
  requestDeserialize: (value: Buffer): Hello => Hello.decode(value),
  responseSerialize: (value: Hello): Buffer => Buffer.from(Hello.encode(value).finish()),
  responseDeserialize: (value: Buffer): Hello => Hello.decode(value),
};

type GreeterService = typeof GreeterService;
const GreeterService = {
  sayHello: { path: "/greet.Greeter/SayHello", requestStream: false, responseStream: false, ...coded },
  sayMany: { path: "/greet.Greeter/SayMany", requestStream: false, responseStream: true, ...coded },
  chat: { path: "/greet.Greeter/Chat", requestStream: true, responseStream: true, ...coded },
} as const;

interface GreeterServer extends UntypedServiceImplementation {
  sayHello: handleUnaryCall<Hello, Hello>;
  sayMany: handleServerStreamingCall<Hello, Hello>;
  chat: handleBidiStreamingCall<Hello, Hello>;
}

interface GreeterClient extends Client {
  sayHello(
    request: Hello,
    callback: (error: ServiceError | null, response: Hello) => void,
  ): ClientUnaryCall;
  sayHello(
    request: Hello,
    metadata: Metadata,
    options: Partial<CallOptions>,
    callback: (error: ServiceError | null, response: Hello) => void,
  ): ClientUnaryCall;
  sayMany(request: Hello, options?: Partial<CallOptions>): ClientReadableStream<Hello>;
  chat(metadata?: Metadata, options?: Partial<CallOptions>): ClientDuplexStream<Hello, Hello>;
}

const GreeterClient = makeGenericClientConstructor(GreeterService, "greet.Greeter") as unknown as {
  new (address: string, credentials: ChannelCredentials, options?: Partial<ClientOptions>): GreeterClient;
  service: typeof GreeterService;
  serviceName: string;
};

const greeter: GreeterServer = {
  sayHello: (call, callback) => callback(null, { name: `hello ${call.request.name}` }),
  sayMany(call) {
    for (const letter of call.request.name) call.write({ name: letter });
    call.end();
  },
  chat(call) {
    call.on("data", (hello: Hello) => call.write({ name: hello.name.toUpperCase() }));
    call.on("end", () => call.end(new Metadata()));
  },
};

/** Runs `check` against the greeter. */
async function serving(check: (address: string) => Promise<void>): Promise<void> {
  const server = new grpc.Server({ "grpc.max_concurrent_streams": 10 });
  server.addService(GreeterService, greeter);
  const port = await bound(server, grpc.ServerCredentials.createInsecure());
  try {
    await check(`127.0.0.1:${port}`);
  } finally {
    server.forceShutdown();
    await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  }
}

test("grpc-js: a client and a server as ts-proto generates them", () =>
  serving(async (address) => {
    const client = new GreeterClient(address, grpc.credentials.createInsecure(), { interceptors: [] });
    const answer = await new Promise<Hello>((resolve, reject) => {
      const call: ClientUnaryCall = client.sayHello(
        { name: "you" },
        new Metadata(),
        {},
        (error, response) => {
          if (error) reject(error);
          else resolve(response);
        },
      );
      call.on("status", ({ code }: grpc.StatusObject) => assertEquals(code, grpc.status.OK));
    });
    assertEquals(answer.name, "hello you");
    const letters: string[] = [];
    for await (const { name } of client.sayMany({ name: "abc" }) as AsyncIterable<Hello>) letters.push(name);
    assertEquals(letters, ["a", "b", "c"]);
    const chat = client.chat();
    chat.write({ name: "x" });
    chat.end();
    for await (const { name } of chat as AsyncIterable<Hello>) assertEquals(name, "X");
    client.close();
  }));

/** As grpc-tools has clients: a class over `Client`. */
class PlainGreeter extends Client {
  sayHello(request: Hello, callback: grpc.requestCallback<Hello>): ClientUnaryCall {
    const { path, requestSerialize, responseDeserialize } = GreeterService.sayHello;
    return this.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, callback);
  }
}

test("grpc-js: a class of an application over Client", () =>
  serving(async (address) => {
    const client = new PlainGreeter(address, grpc.credentials.createInsecure());
    const answer = await new Promise<Hello | undefined>((resolve, reject) =>
      client.sayHello({ name: "z" }, (error, value) => error === null ? resolve(value) : reject(error))
    );
    assertEquals(answer?.name, "hello z");
    client.close();
  }));

/** As proto-loader-gen-types has packages. */
interface ProtoGrpcType {
  greet: {
    Greeter: SubtypeConstructor<typeof grpc.Client, LoadedClient> & { service: grpc.ServiceDefinition };
  };
}
// deno-lint-ignore no-explicit-any
type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new (...args: ConstructorParameters<Constructor>): Subtype;
};
interface LoadedClient extends grpc.Client {
  SayHello(
    argument: { name?: string },
    callback: grpc.requestCallback<{ name: string }>,
  ): grpc.ClientUnaryCall;
}
interface LoadedHandlers extends grpc.UntypedServiceImplementation {
  SayHello: grpc.handleUnaryCall<{ name: string }, { name?: string }>;
}

test("grpc-js: packages as proto-loader-gen-types has them", async () => {
  const definition = load(`
    syntax = "proto3";
    package greet;
    message Hello { string name = 1; }
    service Greeter { rpc SayHello(Hello) returns (Hello); }
  `);
  const { greet } = grpc.loadPackageDefinition(definition) as unknown as ProtoGrpcType;
  const handlers: LoadedHandlers = {
    SayHello: ({ request }, callback) => callback(null, { name: `${request.name}!` }),
  };
  const server = new grpc.Server();
  server.addService(greet.Greeter.service, handlers);
  const port = await bound(server, grpc.ServerCredentials.createInsecure());
  const client = new greet.Greeter(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const name = await new Promise((resolve) =>
    client.SayHello({ name: "hey" }, (_error, hello) => resolve(hello?.name))
  );
  assertEquals(name, "hey!");
  client.close();
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
});
