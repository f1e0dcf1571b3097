// A program of a host that compiles no text: prints what its codecs make of a message.

const { prototype } = Function;
globalThis.Function = Object.assign(
  function () {
    throw new EvalError("Code generation from strings disallowed for this context");
  },
  { prototype },
) as unknown as FunctionConstructor;

const { parseProto } = await import("../../../../surface/proto/parse.ts");
const { bestMode } = await import("../../../../surface/proto/compile/compile.ts");
const { messages } = parseProto(`syntax = "proto3"; package t;
  message M { int32 n = 1; repeated string tags = 2; map<string, M> children = 3; oneof kind { bool yes = 4; M no = 5; } }`);
const codec = messages["t.M"]!;
const message = { n: -5, tags: ["a", "b"], children: { c: { n: 1 } }, no: { yes: true } };
console.log(`${bestMode()}: ${JSON.stringify(codec.decode(codec.encode(message)))}`);
