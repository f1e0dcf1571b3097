import { Channel, createClient, parseProto, Server } from "/work/h/middle/mod.ts";
import process from "node:process";
const { Trial } = parseProto<any>(`syntax = "proto3"; package trial; message Note { string text = 1; int32 number = 2; bytes body = 3; } service Trial { rpc One(Note) returns (Note); }`);
const server = new Server();
server.addService(Trial, { one: (r: any) => r } as any);
const port = await server.listen("127.0.0.1:0");
const channel = new Channel(`127.0.0.1:${port}`);
const client: any = createClient(Trial, channel);
const note = { text: "sixteen octets!!" };
async function run(ms: number) { let calls = 0; const end = performance.now() + ms; const loop = async () => { while (performance.now() < end) { for (let i = 0; i < 20; i++) await client.one(note); calls += 20; } }; const cpu = process.cpuUsage(); await Promise.all(Array.from({ length: 100 }, loop)); const used = process.cpuUsage(cpu); return (used.user + used.system) / calls; }
await run(700);
const costs: number[] = [];
for (let i = 0; i < 8; i++) costs.push(await run(150));
console.log(Math.min(...costs).toFixed(3));
channel.close(); server.close(); process.exit(0);
