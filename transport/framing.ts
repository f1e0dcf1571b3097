// What codecs share with the transport, apart from the rest of it: how messages are framed, and how octets are copied.

export { MessageMark } from "./grpc/compression.ts";
export { MESSAGE_PREFIX_BYTES } from "./grpc/message_prefix.ts";
export { copyBytes } from "./hpack/copy_bytes.ts";
