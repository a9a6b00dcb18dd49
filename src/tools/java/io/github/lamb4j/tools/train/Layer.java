package io.github.lamb4j.tools.train;

import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;

/** The parameters of the classifier, in the order of the forward pass. Matrices are row-major. */
public enum Layer {
  /** E, buckets x width. */
  EMBEDDING("embedding.weight", s -> s.buckets() * s.width(), s -> Math.sqrt(3.0 / s.width())),
  /** A, width x hidden. */
  HIDDEN_WEIGHT(
      "hidden.weight", s -> s.width() * s.hidden(), s -> Math.sqrt(6.0 / (s.width() + s.hidden()))),
  /** a, one per unit of the hidden layer. */
  HIDDEN_BIAS("hidden.bias", ModelShape::hidden, s -> 0),
  /** B, hidden x classes. */
  OUTPUT_WEIGHT(
      "output.weight",
      s -> s.hidden() * s.classes(),
      s -> Math.sqrt(6.0 / (s.hidden() + s.classes()))),
  /** b, one per class. */
  OUTPUT_BIAS("output.bias", ModelShape::classes, s -> 0);

  private final String label;
  private final ToIntFunction<ModelShape> size;
  private final ToDoubleFunction<ModelShape> bound;

  Layer(String label, ToIntFunction<ModelShape> size, ToDoubleFunction<ModelShape> bound) {
    this.label = label;
    this.size = size;
    this.bound = bound;
  }

  /** The parameter's name. */
  public String label() {
    return label;
  }

  /** The number of elements. */
  public int size(ModelShape shape) {
    return size.applyAsInt(shape);
  }

  /** The initial values: uniform and determined by the seed; biases start at zero. */
  public static Map<Layer, float[]> initialValues(ModelShape shape, long seed) {
    Random random = new Random(seed);
    Map<Layer, float[]> values = new EnumMap<>(Layer.class);
    for (Layer layer : values()) {
      float[] array = new float[layer.size(shape)];
      double bound = layer.bound.applyAsDouble(shape);
      if (bound > 0) {
        fill(array, random, bound);
      }
      values.put(layer, array);
    }
    return values;
  }

  // The sequence of Random.nextFloat is specified exactly.
  private static void fill(float[] values, Random random, double bound) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((2 * random.nextFloat() - 1) * bound);
    }
  }
}
