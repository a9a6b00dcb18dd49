package io.github.lamb4j.internal.cpu;

import io.github.lamb4j.internal.numerics.Tiling;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The stages of a CPU step, one at a time on one thread, with the loops of each provider. The small
 * size stays in the second-level cache, the large one comes from memory.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
public class StageBenchmark {

  private static final int SPAN = SpanLoop.MOST_TILES * Tiling.TILE_ELEMENTS;
  private static final float STEP_SIZE = 1e-6f;

  @Param({"vector", "plain"})
  public String provider;

  /** Elements of each array. */
  @Param({"32768", "33554432"})
  public int elements;

  /** Whether the program has used vectors of other lengths before. */
  @Param("false")
  public boolean otherShapes;

  private TileKernels kernels;
  private final Coefficients c = new Coefficients();
  private float[] w;
  private float[] g;
  private float[] m;
  private float[] v;
  private final float[] spanOutput = new float[SPAN];

  @Setup
  public void build(Blackhole unused) {
    if (otherShapes) {
      unused.consume(OtherShapes.use());
    }
    kernels =
        provider.equals("plain")
            ? new ScalarTileKernels()
            : KernelChoice.vectorKernels().orElseThrow().get();
    c.beta1Hi = 0.9f;
    c.oneMinusBeta1 = 0.1f;
    c.beta2Hi = 0.999f;
    c.oneMinusBeta2 = 0.001f;
    c.epsilon = 1e-6f;
    c.weightDecay = 0.01f;
    SplittableRandom random = new SplittableRandom(1);
    w = values(random, 0.05);
    g = values(random, 1e-3);
    m = values(random, 1e-3);
    v = values(random, 1e-3);
    for (int i = 0; i < elements; i++) {
      v[i] *= v[i];
    }
  }

  private float[] values(SplittableRandom random, double bound) {
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (float) random.nextDouble(-bound, bound);
    }
    return values;
  }

  /** The gradient norm's stage; the weight norm and the update norm are formed alike. */
  @Benchmark
  public double sumOfSquares() {
    double sum = 0;
    for (int i = 0; i < elements; i += Tiling.TILE_ELEMENTS) {
      sum += kernels.sumOfSquares(g, i, Tiling.TILE_ELEMENTS);
    }
    return sum;
  }

  /** Unscaling, before the first pass of LANS. */
  @Benchmark
  public float[] scale() {
    for (int i = 0; i < elements; i += SPAN) {
      kernels.scale(g, i, spanOutput, 0, SPAN, 0.999);
    }
    return spanOutput;
  }

  /** The first pass of LAMB without its norms. */
  @Benchmark
  public float[] moments() {
    for (int i = 0; i < elements; i += SPAN) {
      kernels.moments(w, i, g, i, m, v, i, spanOutput, 0, SPAN, c);
    }
    return spanOutput;
  }

  /** The second pass of LAMB. */
  @Benchmark
  public void apply() {
    for (int i = 0; i < elements; i += SPAN) {
      kernels.apply(w, i, m, v, i, SPAN, c, STEP_SIZE);
    }
  }

  /** The only pass of AdamW. */
  @Benchmark
  public void unadapted() {
    for (int i = 0; i < elements; i += SPAN) {
      kernels.unadapted(w, i, g, i, m, v, i, SPAN, c, STEP_SIZE);
    }
  }
}
