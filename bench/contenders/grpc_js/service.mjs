// The Echo service's definition as @grpc/grpc-js wants it.
import grpc from "@grpc/grpc-js";
import protoLoader from "@grpc/proto-loader";
import { fileURLToPath } from "node:url";

const definition = protoLoader.loadSync(fileURLToPath(new URL("../../echo.proto", import.meta.url)));

/** The client's class, with the service's definition as `service`. */
export const { Echo } = grpc.loadPackageDefinition(definition).bench;
