// The type that `loadProto` is given for one file: its services, the codecs of its messages, enums and extensions.

import type { SchemaBuilder } from "../build_schema.ts";
import { pathInComment } from "./comments.ts";
import { propertyKey } from "./identifiers.ts";
import type { Declared, Module } from "./module.ts";
import { modulePath } from "./module.ts";
import { extensionType } from "./types.ts";

/** What every result of loading has beside its services. */
const BESIDES = new Set(["messages", "enums", "extensions"]);

/** The interface of what `loadProto` gives. "" where the file has nothing of its own. */
export function loadedText(module: Module, builder: SchemaBuilder): string {
  const nodes = [...module.declared.keys()];
  const services = nodes.filter(({ kind }) => kind === "service");
  const messages = nodes.filter(({ kind }) => kind === "message");
  const enums = nodes.filter((node) => node.kind === "enum");
  const extensions = nodes.filter((node) => node.kind === "field");
  if (nodes.length === 0) return "";
  const init = (name: string) => `${module.runtime("MessageInit", true)}<${name}>`;
  const lines = [
    ...services.map((node) =>
      `  ${besides(node)}: ${module.runtime("ServiceOf", true)}<${module.name(node)}>;\n`
    ),
    "  messages: {\n",
    ...messages.map((node) => {
      const name = module.name(node);
      return `    ${JSON.stringify(node.fullName)}: ${module.runtime("JsonCodec", true)}<${name}, ${
        init(name)
      }>;\n`;
    }),
    "  };\n  enums: {\n",
    ...enums.map((node) => {
      const values = node.values.map(({ name, number }) => `${propertyKey(name)}: ${number}`);
      return `    ${JSON.stringify(node.fullName)}: { ${values.join("; ")} };\n`;
    }),
    "  };\n  extensions: {\n",
    ...extensions.map((node) => {
      const type = extensionType(module, node, builder.extension(node).fields[0]!);
      return `    ${JSON.stringify(node.fullName)}: ${module.runtime("Extension", true)}<${type}>;\n`;
    }),
    "  };\n",
  ];
  const name = module.declare(`${pascalCase(modulePath(module.file))}Proto`);
  const path = pathInComment(module.file.path);
  return `/** What \`loadProto<${name}>\` makes of ${path}. */\nexport interface ${name} {\n${
    lines.join("")
  }}\n`;
}

function besides({ name }: Declared): string {
  return BESIDES.has(name) ? `${name}$` : propertyKey(name);
}

/** "protos/route_guide" is "RouteGuide". */
function pascalCase(path: string): string {
  const words = path.slice(path.lastIndexOf("/") + 1).split(/[^A-Za-z0-9]+/);
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return /^\d/.test(name) ? `_${name}` : name;
}
