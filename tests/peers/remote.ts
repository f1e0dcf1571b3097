// Peers that run elsewhere: tests/windows/peers.mjs starts them for programs that cannot start a process of Node.
import { connect } from "node:net";
import process from "node:process";

const PORT = Number(process.env.POLLWIRE_PEERS ?? 0);

/** Whether somebody else starts the peers. */
export const peersAreRemote: boolean = PORT !== 0;

/** A script, by its path below tests/, or a text for Node to evaluate. */
export interface PeerProgram {
  readonly script?: string;
  readonly source?: string;
  readonly args?: readonly string[];
}

/** A peer that runs elsewhere. */
export interface RemotePeer {
  /** Everything it prints, once it has ended. */
  readonly output: Promise<string>;
  /** Kills it; settles once it is gone. */
  kill(): Promise<void>;
}

/** Starts one; `onOutput` gets everything it has printed so far, each time there is more. */
export function startRemotePeer(
  program: PeerProgram,
  onOutput: (output: string) => void = () => {},
): RemotePeer {
  const socket = connect({ port: PORT, host: "127.0.0.1", allowHalfOpen: true });
  let output = "";
  const ended = new Promise<string>((resolve) => {
    socket.on("error", () => resolve(output));
    socket.on("end", () => {
      socket.end();
      resolve(output);
    });
  });
  socket.on("connect", () => socket.write(`${JSON.stringify(program)}\n`));
  socket.on("data", (bytes) => onOutput(output += String(bytes)));
  const kill = async (): Promise<void> => {
    socket.end();
    await ended;
    socket.destroy();
  };
  return { output: ended, kill };
}
