import { testBothWays } from "./both_ways.ts";
import { python } from "./peers.ts";

testBothWays("Python", python);
