// Flags that several commands have; grpcurl's where it has them.

import type { ListFlag, NumberFlag, SwitchFlag, TextFlag } from "./flags.ts";

/** Which poller moves the bytes. */
export const pollerFlag: { readonly poller: TextFlag } = {
  poller: {
    kind: "text",
    value: "NAMES",
    help: "pollers to choose from, in order (epoll,native); default: POLLWIRE_POLLER, else native",
    group: "Connection",
  },
};

const group = "Connection";

/** How the server is connected to. */
export const connectFlags: {
  readonly plaintext: SwitchFlag;
  readonly tls: SwitchFlag;
  readonly cacert: TextFlag;
  readonly cert: TextFlag;
  readonly key: TextFlag;
  readonly servername: TextFlag;
  readonly authority: TextFlag;
  readonly insecure: SwitchFlag;
  readonly unix: SwitchFlag;
  readonly "connect-timeout": NumberFlag;
  readonly "keepalive-time": NumberFlag;
  readonly "max-msg-sz": NumberFlag;
  readonly poller: TextFlag;
} = {
  plaintext: {
    kind: "switch",
    help: "without TLS; the default for servers on this machine, as TLS is for all others",
    group,
  },
  tls: { kind: "switch", help: "with TLS, also for a server on this machine", group },
  cacert: {
    kind: "text",
    value: "FILE",
    help: "certificates of the authorities that may vouch for the server, PEM; default: the system's",
    group,
  },
  cert: {
    kind: "text",
    value: "FILE",
    help: "the certificate to show to the server, PEM; with --key",
    group,
  },
  key: { kind: "text", value: "FILE", help: "the private key of --cert, PEM", group },
  servername: {
    kind: "text",
    value: "NAME",
    help: "the name that the server's certificate must be for; default: that of --authority, else of TARGET",
    group,
  },
  insecure: {
    kind: "switch",
    help: "refused: certificates are always verified; --cacert and --servername say which one is right",
    group,
  },
  authority: { kind: "text", value: "NAME", help: "what :authority says; default: TARGET", group },
  unix: { kind: "switch", help: "TARGET is the path of a unix socket", group },
  "connect-timeout": {
    kind: "number",
    value: "SECONDS",
    help: "until an attempt to connect fails, TLS included; default: 10",
    group,
  },
  "keepalive-time": {
    kind: "number",
    value: "SECONDS",
    help: "of silence before a PING asks whether the server is there; default: none does",
    group,
  },
  "max-msg-sz": {
    kind: "number",
    value: "BYTES",
    help: "the largest message that is received; default: 4194304",
    group,
  },
  ...pollerFlag,
};

/** What every call of a command has. */
export const callFlags: {
  readonly header: ListFlag;
  readonly "max-time": NumberFlag;
  readonly wait: SwitchFlag;
} = {
  header: {
    kind: "list",
    value: '"NAME: VALUE"',
    help:
      "metadata of every call, of those to reflection too; several times. Values of -bin names are base64",
    aliases: ["H"],
  },
  "max-time": { kind: "number", value: "SECONDS", help: "until a call fails; default: no limit" },
  wait: { kind: "switch", help: "waits until the server can be connected to, instead of failing" },
};

/** Where services and types come from. */
export const sourceFlags: {
  readonly proto: ListFlag;
  readonly "import-path": ListFlag;
  readonly protoset: ListFlag;
  readonly "reflect-header": ListFlag;
} = {
  proto: {
    kind: "list",
    value: "FILE",
    help: "a .proto file with the services, instead of the server's reflection; several times",
    group: "Schema",
  },
  "import-path": {
    kind: "list",
    value: "DIR",
    help: "where --proto files and their imports are looked up, as protoc -I; several times",
    aliases: ["I"],
    group: "Schema",
  },
  protoset: {
    kind: "list",
    value: "FILE",
    help:
      "a descriptor set (protoc --descriptor_set_out --include_imports), instead of reflection; several times",
    group: "Schema",
  },
  "reflect-header": {
    kind: "list",
    value: '"NAME: VALUE"',
    help: "metadata of calls to reflection alone; several times",
    group: "Schema",
  },
};
