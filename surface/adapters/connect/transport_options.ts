// What a transport is made with: connect-es's options, and those of the channel below it.

import type {
  BinaryReadOptions,
  BinaryWriteOptions,
  JsonReadOptions,
  JsonWriteOptions,
} from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Channel as AnyChannel } from "../../channel/channel.ts";
import type { ChannelOptions } from "../../channel/channel_options.ts";
import type { Compression } from "../../compression.ts";
import { type ChannelCredentials, type Pem, tls } from "../../credentials/mod.ts";
import { Channel } from "../../full/channel.ts";
import { checkNumber, checkOptions, checkType, describe, type OptionNames } from "../../options.ts";
import { bytesOption, type MessageLimits } from "./limited_codec.ts";

/** A compression of connect's: only its name counts here. Known are "gzip" and "deflate". */
export interface NamedCompression {
  /** "gzip". */
  readonly name: string;
}

/** What connect's own transports take. */
export interface ConnectOptions {
  /** Run around every call, the first one outermost. */
  readonly interceptors?: Interceptor[];
  /** How protobuf-es codes messages. */
  readonly binaryOptions?: Partial<BinaryReadOptions & BinaryWriteOptions>;
  /** Taken for the options' sake: messages are binary. */
  readonly jsonOptions?: Partial<JsonReadOptions & JsonWriteOptions>;
  /** Only true: gRPC's messages are binary. */
  readonly useBinaryFormat?: true;
  /** The most octets of a received message. Default 4 GiB - 1, or what a given channel allows. */
  readonly readMaxBytes?: number;
  /** The most octets of a sent message. Default 4 GiB - 1, or what a given channel allows. */
  readonly writeMaxBytes?: number;
  /** Milliseconds, for calls that have no timeout of their own. */
  readonly defaultTimeoutMs?: number;
  /** What requests are compressed with. Default: they are not, or as a given channel says. */
  readonly sendCompression?: NamedCompression;
  /** Messages with less octets are not compressed. Default 1,024. */
  readonly compressMinBytes?: number;
  /** Taken for the options' sake: it is HTTP/2. */
  readonly httpVersion?: string;
}

/** What of the options of Node's `http2.connect` has a counterpart here. */
export interface NodeOptions {
  /** Certificates of the authorities that may vouch for the server, PEM. Default: the system's. */
  readonly ca?: Pem;
  /** What this client shows where the server asks for it, PEM. */
  readonly cert?: Pem;
  /** The private key of `cert`, PEM. */
  readonly key?: Pem;
  /** The name that the server's certificate must have; else that of `baseUrl`. */
  readonly servername?: string;
}

/** A transport over a channel that the application made, and closes. */
export interface ChannelTransportOptions extends ConnectOptions {
  /** What calls go over. */
  readonly channel: AnyChannel;
  /** What interceptors see as the beginning of `url`; its path stands before those of methods. */
  readonly baseUrl?: string;
}

/** A transport with a channel of its own. */
export interface UrlTransportOptions extends ConnectOptions {
  /** "https://example.com", "http://127.0.0.1:8080"; a path stands before those of methods. */
  readonly baseUrl: string;
  /** How it connects: TLS, keepalive, poller; before what other options say. */
  readonly channelOptions?: ChannelOptions;
  /** How it connects by TLS, in Node's words. */
  readonly nodeOptions?: NodeOptions;
  /** What responses may be compressed with; others than "gzip" and "deflate" are left out. Default both. */
  readonly acceptCompression?: readonly NamedCompression[];
  /** Milliseconds between PINGs on a connection; see `keepalive` of channels. */
  readonly pingIntervalMs?: number;
  /** Milliseconds to wait for the answer to a PING. */
  readonly pingTimeoutMs?: number;
  /** PINGs are sent without calls too. */
  readonly pingIdleConnection?: boolean;
  /** Milliseconds without a call until the connection is closed; at least 1,000. */
  readonly idleConnectionTimeoutMs?: number;
  /** Milliseconds for an attempt to connect, TLS included; see `handshakeTimeoutMs` of channels. Default 20,000. */
  readonly connectTimeoutMs?: number;
}

/** See {@linkcode createGrpcTransport}. */
export type GrpcTransportOptions = ChannelTransportOptions | UrlTransportOptions;

/** Options as the transport needs them. */
export interface ReadOptions {
  readonly channel: AnyChannel;
  readonly baseUrl: string | undefined;
  /** What stands before the path of a method: "/api", or nothing. */
  readonly basePath: string;
  readonly interceptors: Interceptor[];
  readonly limits: MessageLimits;
  readonly defaultTimeoutMs: number | undefined;
  /** Of each call; undefined where the channel says it. */
  readonly compression: Compression | undefined;
}

const PURPOSE = "make a transport";

const CONNECT_NAMES: OptionNames<ConnectOptions> = {
  interceptors: true,
  binaryOptions: true,
  jsonOptions: true,
  useBinaryFormat: true,
  readMaxBytes: true,
  writeMaxBytes: true,
  defaultTimeoutMs: true,
  sendCompression: true,
  compressMinBytes: true,
  httpVersion: true,
};
const CHANNEL_NAMES: OptionNames<ChannelTransportOptions> = {
  ...CONNECT_NAMES,
  channel: true,
  baseUrl: true,
};
const NODE_NAMES: OptionNames<NodeOptions> = { ca: true, cert: true, key: true, servername: true };
const URL_NAMES: OptionNames<UrlTransportOptions> = {
  ...CONNECT_NAMES,
  baseUrl: true,
  channelOptions: true,
  nodeOptions: true,
  acceptCompression: true,
  pingIntervalMs: true,
  pingTimeoutMs: true,
  pingIdleConnection: true,
  idleConnectionTimeoutMs: true,
  connectTimeoutMs: true,
};

const DEFAULT_COMPRESS_MIN_BYTES = 1_024;

/** Reads `options`; throws as `createGrpcTransport` does. */
export function readOptions(options: GrpcTransportOptions): ReadOptions {
  checkNames(options);
  const { interceptors = [], binaryOptions, defaultTimeoutMs, baseUrl, sendCompression } = options;
  const readMaxBytes = bytesOption(PURPOSE, "readMaxBytes", options.readMaxBytes);
  const writeMaxBytes = bytesOption(PURPOSE, "writeMaxBytes", options.writeMaxBytes);
  const { compressMinBytes: minBytes = DEFAULT_COMPRESS_MIN_BYTES } = options;
  const compressMinBytes = sendCompression === undefined ? 0 : minBytes;
  const limits = { binaryOptions, readMaxBytes, writeMaxBytes, compressMinBytes };
  if (!Array.isArray(interceptors)) {
    throw new TypeError(`Cannot ${PURPOSE}: interceptors is ${describe(interceptors)}, not an array`);
  }
  for (const [i, one] of interceptors.entries()) {
    checkType(PURPOSE, `interceptors[${i}]`, one ?? null, "function");
  }
  checkNumber(PURPOSE, "defaultTimeoutMs", defaultTimeoutMs, -Infinity, "a number of milliseconds");
  const compression = sendCompression === undefined ? undefined : known(sendCompression);
  const basePath = baseUrl === undefined && "channel" in options ? "" : pathOf(baseUrl);
  const channel = "channel" in options ? options.channel : channelFor(options, limits, compression);
  const perCall = "channel" in options ? compression : undefined;
  return { channel, baseUrl, basePath, interceptors, limits, defaultTimeoutMs, compression: perCall };
}

function checkNames(options: GrpcTransportOptions): void {
  const has = (name: string): boolean => Object.hasOwn(Object(options), name);
  if (has("sessionManager")) {
    throw new TypeError(`Cannot ${PURPOSE}: sessionManager is of Node's http2; give a channel`);
  }
  checkOptions(PURPOSE, options, has("channel") ? CHANNEL_NAMES : URL_NAMES);
  if (options.useBinaryFormat !== undefined && options.useBinaryFormat !== true) {
    throw new TypeError(`Cannot ${PURPOSE}: useBinaryFormat is false; gRPC's messages are binary here`);
  }
}

function known({ name }: NamedCompression): Compression {
  if (name === "gzip" || name === "deflate") return name;
  throw new TypeError(
    `Cannot ${PURPOSE}: sendCompression is ${describe(name)}; there is "gzip" and "deflate"`,
  );
}

/** The path of `baseUrl`, without a slash at its end. */
function pathOf(baseUrl: string | undefined): string {
  if (baseUrl === undefined || !URL.canParse(baseUrl)) {
    throw new TypeError(
      `Cannot ${PURPOSE}: baseUrl is ${describe(baseUrl)}; give one as "http://127.0.0.1:8080"`,
    );
  }
  return new URL(baseUrl).pathname.replace(/\/+$/, "");
}

function channelFor(
  options: UrlTransportOptions,
  { readMaxBytes, writeMaxBytes }: MessageLimits,
  compression: Compression | undefined,
): Channel {
  const { acceptCompression, pingIntervalMs, pingTimeoutMs, pingIdleConnection } = options;
  const { idleConnectionTimeoutMs, connectTimeoutMs, channelOptions } = options;
  const { origin, protocol } = new URL(options.baseUrl);
  const keepalive = {
    ...(pingIntervalMs === undefined ? {} : { timeMs: pingIntervalMs }),
    ...(pingTimeoutMs === undefined ? {} : { timeoutMs: pingTimeoutMs }),
    ...(pingIdleConnection === undefined ? {} : { permitWithoutCalls: pingIdleConnection }),
  };
  const accepted = acceptCompression?.map(({ name }) => name).filter((name) =>
    name === "gzip" || name === "deflate"
  );
  return new Channel(origin, {
    maxReceiveMessageBytes: readMaxBytes,
    maxSendMessageBytes: writeMaxBytes,
    keepalive,
    ...(idleConnectionTimeoutMs === undefined ? {} : { idleTimeoutMs: idleConnectionTimeoutMs }),
    ...(connectTimeoutMs === undefined ? {} : { handshakeTimeoutMs: connectTimeoutMs }),
    ...(accepted === undefined ? {} : { acceptCompression: accepted }),
    ...(compression === undefined ? {} : { compression }),
    ...(protocol === "https:" ? { credentials: credentialsOf(options.nodeOptions) } : {}),
    ...channelOptions,
  });
}

function credentialsOf(options: NodeOptions = {}): ChannelCredentials {
  checkOptions(`${PURPOSE}, nodeOptions`, options, NODE_NAMES);
  const { ca, cert, key, servername } = options;
  return tls.client({
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { serverName: servername }),
  });
}
