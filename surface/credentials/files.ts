// Certificates in files that are replaced while the program runs, as Kubernetes and certificate tools do it.

import { fileStamp, readTextFileSync } from "../../pollers/native/files.ts";

/** Options whose certificates and keys are paths of PEM files. */
export type FilesOf<Options> = {
  readonly [Name in keyof Options]: Name extends "cert" | "key" | "ca" | "clientCa" ? string : Options[Name];
};

const FILES = ["cert", "key", "ca", "clientCa"];

/**
 * A source of options for `tls.client` and `tls.server` that reads the files which `options` names, and reads them again
 * when one of them is another file or was written: files and symbolic links may both be replaced.
 *
 * @throws {Error} (when credentials are made) that names a file which cannot be read
 */
export function pemFiles<Options extends object>(options: FilesOf<Options>): () => Options {
  const names = Object.keys(options).filter((name) => FILES.includes(name));
  const paths = names.map((name) => (options as Record<string, string>)[name]!);
  let stamp = "";
  let read: Options | undefined = undefined;
  return () => {
    const found = paths.map(fileStamp).join("\n");
    if (read !== undefined && found === stamp) return read;
    const texts = names.map((name, i) => [name, readTextFileSync(paths[i]!)]);
    read = { ...options, ...Object.fromEntries(texts) } as Options;
    stamp = found;
    return read;
  };
}
