import { testBothWays } from "./both_ways.ts";
import { cpp } from "./peers.ts";

testBothWays("C++", cpp);
