// What the servers of `npm run bench:scale` serve: which of them it is.
import { parseProto, type ServiceOf, type Unary } from "pollwire";

interface Answer {
  number?: number;
}

/** The service. */
export const { Scale } = parseProto<{ Scale: ServiceOf<{ which: Unary<Answer, Answer> }> }>(`
  syntax = "proto3";
  package scale;
  message Answer { int32 number = 1; }
  service Scale { rpc Which(Answer) returns (Answer); }
`);

/** The loopback address of server `number`, from 0 on. */
export function hostOf(number: number): string {
  return `127.1.${number >> 8}.${number & 255}`;
}
