package io.github.lamb4j.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.LambBuilders;
import io.github.lamb4j.config.BiasCorrection;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.LayerAdaptation;
import io.github.lamb4j.config.Limits;
import io.github.lamb4j.config.NonFiniteGradients;
import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.numerics.Half;
import io.github.lamb4j.internal.spi.BackendSettings;
import io.github.lamb4j.internal.spi.GradientOptions;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.model.Scalar;
import io.github.lamb4j.model.StateArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Neither the kernels nor the threads change a bit of a run. */
@Tag("slow")
class CpuParityTest {

  private static final int STEPS = 3;
  private static final int[] SIZES = {1, 3, 4, 7, 33, 0, 2047, 2048, 2049, 4097, 70_001};
  private static final Supplier<TileKernels> SCALAR = ScalarTileKernels::new;

  /** How a backend runs. */
  private record Way(Supplier<TileKernels> kernels, int threads) {}

  private static final Way REFERENCE = new Way(SCALAR, 1);

  static List<Hyperparameters> hyperparameters() {
    Hyperparameters lamb = Hyperparameters.lamb(0.02);
    Hyperparameters lans = Hyperparameters.lans(0.02);
    return List.of(
        lamb,
        Hyperparameters.adamW(0.02),
        lamb.withWeightDecay(0).withBiasCorrection(BiasCorrection.LEARNING_RATE),
        lamb.withDecoupledDecay(true).withWeightDecay(0.3),
        lamb.withDecoupledDecay(true).withLayerAdaptation(LayerAdaptation.NEVER),
        lamb.withGradientAveraging(false).withTrustRatioLimits(new Limits(0.03, 0.04)),
        lans,
        lans.withDecoupledDecay(true).withLayerAdaptation(LayerAdaptation.NEVER));
  }

  /** One array of the model: its values, and the caller's array that has them. */
  private record Tensor(HostArray array) {

    static Tensor of(Random random, int count, DType type, double scale) {
      int before = random.nextInt(5);
      boolean direct = random.nextBoolean();
      HostArray array =
          switch (type) {
            case F32 -> HostArray.f32(floats(direct, before, count));
            case F16 -> HostArray.f16(shorts(direct, before, count));
            case BF16 -> HostArray.bf16(shorts(direct, before, count));
          };
      Tensor tensor = new Tensor(array);
      for (int i = 0; i < count; i++) {
        tensor.set(i, (float) (scale * random.nextGaussian()));
      }
      return tensor;
    }

    private static FloatBuffer floats(boolean direct, int before, int count) {
      FloatBuffer buffer =
          direct
              ? bytes(4 * (before + count)).asFloatBuffer()
              : FloatBuffer.allocate(before + count);
      return buffer.position(before);
    }

    private static ShortBuffer shorts(boolean direct, int before, int count) {
      ShortBuffer buffer =
          direct
              ? bytes(2 * (before + count)).asShortBuffer()
              : ShortBuffer.allocate(before + count);
      return buffer.position(before);
    }

    private static ByteBuffer bytes(int count) {
      return ByteBuffer.allocateDirect(count).order(ByteOrder.nativeOrder());
    }

    void set(int i, float value) {
      switch (array.type()) {
        case F32 -> array.floats().put(i, value);
        case F16 -> array.halves().put(i, Half.toF16(value));
        case BF16 -> array.halves().put(i, Half.toBf16(value));
      }
    }

    /** Its bits; any NaN is the same. */
    int[] bits() {
      return IntStream.range(0, array.count())
          .map(
              i ->
                  Float.floatToIntBits(
                      switch (array.type()) {
                        case F32 -> array.floats().get(i);
                        case F16 -> Half.fromF16(array.halves().get(i));
                        case BF16 -> Half.fromBf16(array.halves().get(i));
                      }))
          .toArray();
    }
  }

  /** A model whose arrays have all types and places, the same for the same seed. */
  private static final class Run {

    final List<Tensor> tensors = new ArrayList<>();
    final List<Tensor> gradients = new ArrayList<>();
    final List<Parameter> parameters = new ArrayList<>();
    final Random random;

    Run(long seed, int... sizes) {
      random = new Random(seed);
      for (int i = 0; i < sizes.length; i++) {
        DType type = DType.values()[i % DType.values().length];
        Tensor weights = Tensor.of(random, sizes[i], type, 0.05);
        DType gradientType = DType.values()[random.nextInt(DType.values().length)];
        Tensor gradient = Tensor.of(random, sizes[i], gradientType, 1);
        HostParameter parameter =
            new HostParameter("p" + i, weights.array(), gradient.array(), Optional.empty());
        tensors.add(weights);
        if (type == DType.F32 && random.nextBoolean()) {
          Tensor copy = Tensor.of(random, sizes[i], DType.BF16, 0);
          parameter = parameter.withModelCopy(copy.array());
          tensors.add(copy);
        }
        gradients.add(gradient);
        parameters.add(parameter);
      }
    }

    /** Steps with new gradients each, then everything that the run leaves. */
    List<Object> outcome(Way way, GradientOptions options, boolean wild, Hyperparameters h) {
      LambBuilder builder =
          LambBuilders.onHost(
                  (groups, settings) ->
                      new CpuBackend(
                          groups,
                          new BackendSettings(
                              options, way.threads, StepPath.AUTO, ReportedNorms.ALL),
                          way.kernels,
                          SumExchange.NONE))
              .group("decay", h, parameters.subList(0, parameters.size() / 2))
              .group(
                  "rest",
                  h.withWeightDecay(0).withBetas(0.8, 0.99),
                  parameters.subList(parameters.size() / 2, parameters.size()));
      try (Lamb lamb = builder.build()) {
        for (int step = 0; step < STEPS; step++) {
          lamb.step();
          gradients.forEach(gradient -> refill(gradient, wild));
        }
        List<Object> outcome = new ArrayList<>();
        for (Tensor tensor : tensors) {
          outcome.add(intList(tensor.bits()));
        }
        for (Parameter parameter : parameters) {
          for (StateArray array : StateArray.of(parameter.hasMaster())) {
            float[] state = new float[(int) parameter.count()];
            lamb.readState(parameter.name(), array, 0, FloatBuffer.wrap(state));
            outcome.add(intList(new Tensor(HostArray.f32(state)).bits()));
          }
        }
        outcome.add(lamb.layerStats());
        return outcome;
      }
    }

    private void refill(Tensor gradient, boolean wild) {
      for (int i = 0; i < gradient.array().count(); i++) {
        float value = (float) random.nextGaussian();
        if (wild && random.nextInt(200) == 0) {
          value = Float.intBitsToFloat(random.nextInt());
        } else if (wild && i % 7 == 0) {
          value *= 0x1p-140f;
        }
        gradient.set(i, value);
      }
    }
  }

  private static List<Integer> intList(int[] bits) {
    return IntStream.of(bits).boxed().toList();
  }

  private static Supplier<TileKernels> vector() {
    Optional<Supplier<TileKernels>> kernels = KernelChoice.vectorKernels();
    assumeTrue(kernels.isPresent(), "this processor's vectors are too narrow");
    return kernels.get();
  }

  private static void assertSame(
      long seed, GradientOptions options, boolean wild, Hyperparameters h, int... sizes) {
    List<Object> expected = new Run(seed, sizes).outcome(REFERENCE, options, wild, h);
    List<Way> ways =
        List.of(
            new Way(SCALAR, 2), new Way(vector(), 1), new Way(vector(), 2), new Way(vector(), 3));
    for (Way way : ways) {
      List<Object> actual = new Run(seed, sizes).outcome(way, options, wild, h);
      for (int i = 0; i < expected.size(); i++) {
        assertEquals(expected.get(i), actual.get(i));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("hyperparameters")
  void shouldNotDependOnKernelsOrThreads(Hyperparameters h) {
    assertSame(1, GradientOptions.NONE, false, h, SIZES);
  }

  @ParameterizedTest
  @MethodSource("hyperparameters")
  void shouldNotDependOnThemWhenClippedAndUnscaled(Hyperparameters h) {
    GradientOptions options =
        new GradientOptions(
            OptionalDouble.of(0.5),
            Optional.empty(),
            Scalar.of(1024),
            Scalar.of(3),
            NonFiniteGradients.PROPAGATE);
    assertSame(2, options, false, h, SIZES);
  }

  @ParameterizedTest
  @ValueSource(longs = {3, 4, 5, 6, 7, 8})
  void shouldNotDependOnThemForWildGradientsAndRandomSizes(long seed) {
    Random random = new Random(seed);
    int[] sizes = random.ints(12, 0, 9000).toArray();
    List<Hyperparameters> all = hyperparameters();
    Hyperparameters h = all.get(random.nextInt(all.size()));
    assertSame(seed, GradientOptions.NONE, true, h, sizes);
  }
}
