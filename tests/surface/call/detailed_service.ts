// A service whose calls end with details: as a module for reactor workers, and as a function for an executor.
import {
  type Codec,
  errorDetails,
  parseProto,
  RpcError,
  type ServiceSetup,
  statusDetail,
} from "../../../mod.ts";
import { type Note, Trial } from "../serving.ts";

/** Types of an application's own. */
export const stockTypes = parseProto(`
  syntax = "proto3";
  package shop;
  message Stock { string item = 1; int32 left = 2; }
`).messages;

/** One of them. */
export const Stock = stockTypes["shop.Stock"] as Codec<{ item: string; left: number }>;

/** FAILED_PRECONDITION with two standard details, one of the application's own, and other metadata. */
export function detailed(): RpcError {
  return new RpcError("FAILED_PRECONDITION", "sold out", {
    metadata: { "x-other": "kept" },
    statusDetails: [
      statusDetail(errorDetails.ErrorInfo, {
        reason: "STOCKOUT",
        domain: "shop.example",
        metadata: { zone: "a" },
      }),
      statusDetail(errorDetails.BadRequest, { fieldViolations: [{ field: "item", description: "is none" }] }),
      statusDetail(Stock, { item: "pear" }),
    ],
  });
}

/** Fails so. */
export function failing(): Note {
  throw detailed();
}

const setUp: ServiceSetup = (server) => {
  server.addService(Trial, { one: failing });
};

export default setUp;
