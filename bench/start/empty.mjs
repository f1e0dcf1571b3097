// What the runtime itself takes.
console.log("");
