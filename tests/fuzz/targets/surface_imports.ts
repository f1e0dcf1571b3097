// What the surface's targets use of it, from where it is made.
export { AddressError, formatAddress, parseTarget } from "../../../pollers/mod.ts";
export { type MessageCodec } from "../../../surface/proto/codec.ts";
export { Metadata } from "../../../surface/call/metadata.ts";
export {
  DecodeError,
  encodeMessage,
  parseProto,
  ProtoError,
  unknownFields,
} from "../../../surface/proto/mod.ts";
export { HeaderList } from "../../../transport/mod.ts";
