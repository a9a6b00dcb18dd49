package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.model.HostArray;
import java.nio.FloatBuffer;

/**
 * A tile of a buffer of any type, added to one of binary32 or put in its place; the twin of {@code
 * kernels/accumulate.cuh}.
 */
final class Accumulate {

  private Accumulate() {}

  /** target = target + source. */
  static void add(FloatBuffer target, HostArray source, int start, int count, Scratch x) {
    x.load(source, start, count, x.g);
    Scratch.load(target, start, count, x.w);
    for (int i = 0; i < count; i++) {
      x.w[i] += x.g[i];
    }
    Scratch.store(x.w, target, start, count);
  }

  /** target = source. */
  static void replace(FloatBuffer target, HostArray source, int start, int count, Scratch x) {
    x.load(source, start, count, x.g);
    Scratch.store(x.g, target, start, count);
  }
}
