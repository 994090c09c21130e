import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { relu } from "../src/index.ts";
import { leavesNothing, onEachBackend, random, values } from "./backends.ts";

onEachBackend(() => {
  test("passes what is above 0, forward and backward", () => {
    leavesNothing(() =>
      tf.tidy(() => {
        const x = tf.concat([random([13], 1), tf.tensor1d([0, -0])]);
        const dy = random([15], 2);
        const input = values(x);
        const gradient = values(dy);
        expect([...values(relu(x))].map(Math.abs)).toEqual([...input].map((v) => (v > 0 ? v : 0)));
        const got = values(tf.grad((x) => relu(x))(x, dy));
        expect([...got].map((v) => v + 0)).toEqual([...gradient].map((g, i) => (input[i]! > 0 ? g : 0)));
      }),
    );
  });
});
