// The service of reactor workers that have a completion queue each; answers with the worker's number.
import { PolledMethods, type ServiceSetup } from "pollwire";
import { Trial } from "../serving.ts";

const setUp: ServiceSetup = (server, { index }) => {
  const polled = new PolledMethods(server, { minPollers: 1, maxPollers: 2 });
  server.addService(Trial, {
    one: polled.method(({ text = "" }) => ({ text: `${text}!`, number: index })),
    down: polled.method(async ({ number = 0 }, writer) => {
      for (let i = 1; i <= number; i++) await writer.write({ number: i });
    }),
  });
};

export default setUp;
