// What the surface's targets use of it, from where it is made.
export { AddressError, formatAddress, parseTarget } from "../../../pollers/mod.ts";
export { type MessageCodec } from "../../../surface/proto/codec.ts";
export { Metadata } from "../../../surface/call/metadata.ts";
export type { JsonMessageCodec } from "../../../surface/proto/json/json_codec.ts";
export { parseJson } from "../../../surface/proto/json/json_text.ts";
export {
  DecodeError,
  encodeMessage,
  JsonError,
  parseProto,
  ProtoError,
  unknownFields,
} from "../../../surface/proto/mod.ts";
export { HeaderList } from "../../../transport/mod.ts";
