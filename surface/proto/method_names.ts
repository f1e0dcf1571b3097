// What the methods of a service are called in JavaScript.

import type { MethodNode, ServiceNode } from "./language/nodes.ts";
import { localMethodName, safeMethodName } from "./service.ts";

/** The methods of a service by their names in JavaScript, in the order of the .proto file. */
export function localMethodNames(service: ServiceNode): Map<string, MethodNode> {
  const names = new Map<string, MethodNode>();
  const taken = new Set(service.methods.map(({ name }) => name));
  for (const method of service.methods) {
    const local = localMethodName(method.name);
    // Names that differ in their first letter only: the one written in lower case has it. Of "_" nothing would be left.
    const free = local === "" || (local !== method.name && taken.has(local)) ? method.name : local;
    taken.add(free);
    names.set(safeMethodName(free), method);
  }
  return names;
}
