package io.github.lamb4j.jmh;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import java.util.ArrayList;
import java.util.List;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A whole step on the CPU: of many small parameters, and of a few large ones. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class StepBenchmark {

  /** Number of parameters times elements of each. */
  @Param({"100x1000", "8x589824"})
  public String model;

  @Param({"lamb", "adamw"})
  public String optimizer;

  @Param({"1", "2"})
  public int threads;

  private Lamb lamb;

  @Setup
  public void build() {
    String[] shape = model.split("x", -1);
    int count = Integer.parseInt(shape[1]);
    SplittableRandom random = new SplittableRandom(1);
    List<HostParameter> parameters = new ArrayList<>();
    for (int p = 0; p < Integer.parseInt(shape[0]); p++) {
      float[] weights = new float[count];
      float[] gradients = new float[count];
      for (int i = 0; i < count; i++) {
        weights[i] = (float) random.nextDouble(-0.05, 0.05);
        gradients[i] = (float) random.nextDouble(-1e-3, 1e-3);
      }
      parameters.add(Parameter.onHost("parameter." + p, weights, gradients));
    }
    // A small rate: the weights stay in the range of a real model however long the benchmark runs.
    Hyperparameters hyperparameters =
        optimizer.equals("lamb") ? Hyperparameters.lamb(1e-6) : Hyperparameters.adamW(1e-6);
    lamb = Lamb.onCpu().threads(threads).group("all", hyperparameters, parameters).build();
  }

  @Benchmark
  public void step() {
    lamb.step();
  }

  @TearDown
  public void close() {
    lamb.close();
  }
}
