// Certificates and keys as grpc-js is given them: PEM in Buffers.

import { environmentVariable } from "../../../pollers/native/env.ts";
import { readTextFileSync } from "../../../pollers/native/files.ts";
import { Buffer } from "../../../pollers/native/node_classes.ts";

/**
 * The authorities that are trusted where an application names none: of the file that GRPC_DEFAULT_SSL_ROOTS_FILE_PATH
 * names. Throws Error where it cannot be read.
 */
export function defaultRoots(): Buffer | undefined {
  const path = environmentVariable("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH");
  return path ? Buffer.from(readTextFileSync(path)) : undefined;
}

/** Whether both are the same octets, or both are missing. */
export function sameOctets(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}
