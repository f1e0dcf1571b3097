// The service of this measurement: a light method and a heavy one.
import { parseProto, type ServiceOf, type Unary } from "../../mod.ts";

interface Work {
  ms: number;
}

interface MixedProto {
  Mixed: ServiceOf<{ light: Unary<Work, Work>; heavy: Unary<Work, Work> }>;
}

export const { Mixed } = parseProto<MixedProto>(`
  syntax = "proto3";
  service Mixed {
    rpc Light(Work) returns (Work);
    rpc Heavy(Work) returns (Work);
  }
  message Work { double ms = 1; }
`);
