// Where the declarations of a descriptor are: there is no text, so errors name the declaration.

import { Source } from "../language/source.ts";

/** The declarations of one file. What nodes have as offsets are their indexes; 0 is the file itself. */
export class DescriptorSource extends Source {
  readonly #scopes: string[] = [""];
  readonly #names: string[] = [""];

  /** `path` is the file's name. */
  constructor(path: string) {
    super(path, "");
  }

  /** The place of declaration `name` in `scope`, a full name. */
  mark(scope: string, name: string): number {
    this.#scopes.push(scope);
    return this.#names.push(name) - 1;
  }

  override place(offset: number): string {
    const name = this.#names[offset];
    if (name === undefined || offset === 0) return this.name;
    const scope = this.#scopes[offset]!;
    return `${this.name} (${scope === "" ? name : `${scope}.${name}`})`;
  }
}
