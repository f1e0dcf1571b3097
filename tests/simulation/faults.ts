// What goes wrong in a program: connections that break, networks that part, servers that end or drain.
import type { SeededRandom } from "../../pollers/simulated/mod.ts";
import { HORIZON_MS, type Interruption } from "./plan.ts";
import type { SimulatedWorld } from "./world.ts";

/** Has `faults` things go wrong, at random instants. */
export function scheduleFaults(
  world: SimulatedWorld,
  random: SeededRandom,
  faults: number,
  problem: (error: unknown) => void,
): void {
  const { simulation, clientHost, serverHost } = world;
  const hosts = [clientHost.hostAddress, serverHost.hostAddress] as const;
  const at = (ms: number, fault: () => void | Promise<void>): void => {
    simulation.schedule(ms, () => void Promise.resolve(fault()).catch(problem));
  };
  for (let i = faults; i > 0; i--) {
    const when = random.below(HORIZON_MS);
    const until = when + random.pick([1, 50, 500, 8_000]);
    switch (random.below(4)) {
      case 0:
        at(when, () => simulation.network.resetSome());
        break;
      case 1:
        at(when, () => simulation.network.part(...hosts));
        at(until, () => simulation.network.heal(...hosts));
        break;
      case 2:
        at(when, () => simulation.network.blackHole(...hosts));
        at(until, () => {
          simulation.network.heal(...hosts);
          simulation.network.resetSome(); // what was lost is never sent again
        });
        break;
      case 3:
        at(when, async () => {
          await world.stop(random.pick([undefined, 0, 100]));
          await simulation.sleep(random.pick([0, 10, 300]));
          await world.listen();
        });
    }
  }
}

/** Has the server drain its connections once: calls that it has not begun are made again, so nothing may fail. */
export function scheduleDrain(world: SimulatedWorld, problem: (error: unknown) => void): void {
  const { simulation, choices } = world;
  simulation.schedule(choices.below(HORIZON_MS), () => void world.drain(Infinity).catch(problem));
}

/** Has something happen to the server or to the way to it, now. */
export function interrupt(
  world: SimulatedWorld,
  what: Exclude<Interruption["what"], "cancel" | "shutdown">,
): void {
  const { simulation, clientHost, serverHost, problem } = world;
  const hosts = [clientHost.hostAddress, serverHost.hostAddress] as const;
  switch (what) {
    case "reset":
      return simulation.network.resetSome();
    case "part":
      simulation.network.part(...hosts);
      return void simulation.schedule(simulation.now + 50, () => simulation.network.heal(...hosts));
    case "stop":
      return void world.stop(undefined).then(() => world.listen()).catch(problem);
    case "drain":
      return void world.drain(Infinity).catch(problem);
    case "close":
      return world.channel.close();
  }
}
