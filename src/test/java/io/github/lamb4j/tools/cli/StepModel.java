package io.github.lamb4j.tools.cli;

import static io.github.lamb4j.tools.cli.Checkpoint.gaussian;
import static io.github.lamb4j.tools.cli.Checkpoint.shape;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** A small model with every kind of tensor and name, and gradients for it. */
final class StepModel {

  private static final Map<String, long[]> SHAPES = new LinkedHashMap<>();

  static {
    SHAPES.put("dense/weight", shape(70, 33));
    SHAPES.put("dense/bias", shape(33));
    SHAPES.put("LayerNorm.weight", shape(5, 1, 2));
    SHAPES.put("__proto__", shape(3));
    SHAPES.put("größe \"\\\t 東京 \uD83D\uDC11", shape(2, 2));
    SHAPES.put("no elements", shape(0, 3));
    SHAPES.put("exp_avg/dense/weight", shape(4));
    SHAPES.put("exp_avg_sq/dense/weight", shape(6));
    SHAPES.put("scalar", shape());
    SHAPES.put("zeros", shape(7));
    SHAPES.put("no elements either", shape(0));
  }

  private StepModel() {}

  static Map<String, long[]> shapes() {
    return Collections.unmodifiableMap(SHAPES);
  }

  static Checkpoint params(long seed) {
    Random random = new Random(seed);
    Checkpoint params = new Checkpoint();
    SHAPES.forEach(
        (name, shape) ->
            params.f32(
                name, shape, gaussian(random, count(shape), name.equals("zeros") ? 0 : 0.05)));
    return params;
  }

  /** Weights of one type after the other. */
  static Checkpoint mixedParams(long seed) {
    return mixed(-seed);
  }

  /** Gradients of one type after the other. */
  static Checkpoint grads(long seed) {
    return mixed(seed);
  }

  /** Gradients of which one element is what it should not be. */
  static Checkpoint badGrads(long seed, float bad) {
    long[] shape = SHAPES.get("dense/weight");
    float[] values = gaussian(new Random(seed), count(shape), 0.01);
    values[values.length - 1] = bad;
    return grads(seed).f32("dense/weight", shape, values);
  }

  private static Checkpoint mixed(long seed) {
    Random random = new Random(seed);
    Checkpoint mixed = new Checkpoint();
    int tensor = 0;
    for (Map.Entry<String, long[]> entry : SHAPES.entrySet()) {
      int count = count(entry.getValue());
      switch (tensor++ % 3) {
        case 0 -> mixed.f32(entry.getKey(), entry.getValue(), gaussian(random, count, 0.01));
        case 1 -> mixed.half(entry.getKey(), "F16", entry.getValue(), halves(random, count, 10));
        default -> mixed.half(entry.getKey(), "BF16", entry.getValue(), halves(random, count, 120));
      }
    }
    return mixed;
  }

  /** Both signs, any mantissa, and exponents around this one. */
  private static short[] halves(Random random, int count, int exponent) {
    int mantissaBits = exponent < 31 ? 10 : 7;
    short[] bits = new short[count];
    for (int i = 0; i < count; i++) {
      int sign = random.nextInt(2) << 15;
      int power = exponent + random.nextInt(5) - 2 << mantissaBits;
      bits[i] = (short) (sign | power | random.nextInt(1 << mantissaBits));
    }
    return bits;
  }

  private static int count(long[] shape) {
    return (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }
}
