// Finds files that import each other, directly or around a corner; imports of types count.
import type { Source } from "./source.ts";

/** Every group of files of which each imports each other, named in the order of their paths. */
export function importCircles(sources: readonly Source[]): string[] {
  return new Search(sources).run();
}

/** Tarjan's algorithm: strongly connected components, in one pass. */
class Search {
  private readonly targets = new Map<string, readonly string[]>();
  private readonly order = new Map<string, number>();
  private readonly lowest = new Map<string, number>();
  private readonly stack: string[] = [];
  private readonly onStack = new Set<string>();
  private readonly circles: string[] = [];

  constructor(sources: readonly Source[]) {
    for (const { path } of sources) this.targets.set(path, []);
    for (const { path, imports } of sources) {
      const targets = imports.map(({ target }) => target ?? "");
      this.targets.set(path, targets.filter((target) => this.targets.has(target)));
    }
  }

  run(): string[] {
    for (const path of this.targets.keys()) if (!this.order.has(path)) this.visit(path);
    return this.circles.sort();
  }

  private visit(path: string): void {
    const number = this.order.size;
    this.order.set(path, number);
    this.lowest.set(path, number);
    this.stack.push(path);
    this.onStack.add(path);
    for (const target of this.targets.get(path)!) {
      if (!this.order.has(target)) {
        this.visit(target);
        this.reach(path, this.lowest.get(target)!);
      } else if (this.onStack.has(target)) this.reach(path, this.order.get(target)!);
    }
    if (this.lowest.get(path) === number) this.close(path);
  }

  private reach(path: string, number: number): void {
    this.lowest.set(path, Math.min(this.lowest.get(path)!, number));
  }

  /** Takes the component off the stack that was entered at `path`. */
  private close(path: string): void {
    const members = this.stack.splice(this.stack.indexOf(path));
    for (const member of members) this.onStack.delete(member);
    const isCircle = members.length > 1 || this.targets.get(path)!.includes(path);
    if (isCircle) this.circles.push(members.sort().join(", "));
  }
}
