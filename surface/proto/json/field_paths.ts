// Paths of a FieldMask in JSON: in lowerCamelCase, and only those that come back as they were.

/** The JSON form of a path; undefined where no path would come back of it as it was. */
export function pathToJson(path: string): string | undefined {
  if (/[A-Z,]|__|_(?![a-z])/.test(path)) return undefined; // of a comma two paths would come back
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The path of its JSON form; undefined where it is none. */
export function pathFromJson(text: string): string | undefined {
  if (text.includes("_")) return undefined;
  return text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
