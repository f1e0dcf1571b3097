// What the surface's targets use of it, from where it is made.
export { AddressError, formatAddress, parseTarget } from "../../../pollers/mod.ts";
export { Metadata } from "../../../surface/call/metadata.ts";
export {
  DecodeError,
  encodeMessage,
  type MessageCodec,
  parseProto,
  ProtoError,
  unknownFields,
} from "../../../surface/proto/mod.ts";
export { HeaderList } from "../../../transport/mod.ts";
