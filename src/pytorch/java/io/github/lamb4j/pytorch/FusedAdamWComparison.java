package io.github.lamb4j.pytorch;

import io.github.lamb4j.Lamb;
import io.github.lamb4j.LambBuilder;
import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.config.ReportedNorms;
import io.github.lamb4j.model.HostParameter;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.tools.bench.Models;
import io.github.lamb4j.tools.bench.TensorShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.Function;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Times lamb4j's CPU steps and PyTorch's fused AdamW in one process, interleaved, and prints the
 * ratio of the medians. Both use two threads and have the same tensors.
 *
 * <p>Arguments: the name of a model of {@code lamb bench} and the number of rounds.
 */
public final class FusedAdamWComparison {

  private static final int THREADS = 2;
  private static final double WARMUP_SECONDS = 10;

  /** What PyTorch's own {@code AdamW(fused=True)} calls, on views of four flat tensors. */
  private static final String SOURCE =
      """
      def step(w: Tensor, g: Tensor, m: Tensor, v: Tensor, steps: Tensor) -> Tensor:
          sizes = [%s]
          steps.add_(1.0)
          none: List[Tensor] = []
          torch._fused_adamw_(
              torch.split_with_sizes(w, sizes), torch.split_with_sizes(g, sizes),
              torch.split_with_sizes(m, sizes), torch.split_with_sizes(v, sizes),
              none, torch.unbind(steps),
              lr=1e-6, beta1=0.9, beta2=0.999, weight_decay=0.01, eps=1e-8,
              amsgrad=False, maximize=False)
          return w
      """;

  private final List<TensorShape> tensors;

  /** Kept, because PyTorch frees a compiled function with its unit. */
  private CompilationUnit unit;

  private FusedAdamWComparison(List<TensorShape> tensors) {
    this.tensors = tensors;
  }

  /** Runs the comparison. */
  public static void main(String[] arguments) {
    String model = arguments.length > 0 ? arguments[0] : "bert-base";
    int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 30;
    List<TensorShape> tensors =
        Models.named(model)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "model %s: unknown; choose one of %s".formatted(model, Models.names())))
            .tensors();
    System.out.printf(
        "%s, %d rounds, %d threads, Java %s%n",
        model, rounds, THREADS, System.getProperty("java.version"));
    new FusedAdamWComparison(tensors).run(rounds);
  }

  private void run(int rounds) {
    torch.set_num_threads(THREADS);
    Map<String, Runnable> contenders = new LinkedHashMap<>();
    contenders.put("PyTorch fused AdamW", pytorch());
    contenders.put("lamb4j AdamW", lamb4j(Hyperparameters.adamW(1e-6), false));
    contenders.put("lamb4j LAMB", lamb4j(Hyperparameters.lamb(1e-6), false));
    contenders.put("lamb4j LAMB, clipped", lamb4j(Hyperparameters.lamb(1e-6), true));
    long end = System.nanoTime() + (long) (WARMUP_SECONDS * 1e9);
    while (System.nanoTime() < end) {
      contenders.values().forEach(Runnable::run);
    }
    Map<String, double[]> millis = new LinkedHashMap<>();
    contenders.keySet().forEach(name -> millis.put(name, new double[rounds]));
    for (int round = 0; round < rounds; round++) {
      for (Map.Entry<String, Runnable> contender : contenders.entrySet()) {
        long start = System.nanoTime();
        contender.getValue().run();
        millis.get(contender.getKey())[round] = (System.nanoTime() - start) / 1e6;
      }
    }
    double reference = median(millis.get("PyTorch fused AdamW"));
    millis.forEach(
        (name, times) ->
            System.out.printf(
                "%-22s median %8.2f ms   ratio %5.2f%n",
                name, median(times), median(times) / reference));
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  private Runnable pytorch() {
    long count = tensors.stream().mapToLong(TensorShape::count).sum();
    String sizes =
        tensors.stream().map(t -> Long.toString(t.count())).collect(Collectors.joining(", "));
    unit = torch.compile(SOURCE.formatted(sizes));
    Function step = unit.get_function(new QualifiedName("step"));
    Tensor w = torch.randn(count);
    Tensor g = torch.randn(count);
    Tensor m = torch.zeros(count);
    Tensor v = torch.zeros(count);
    Tensor steps = torch.zeros(tensors.size());
    return () ->
        step.apply(
                new IValueVector(
                    new IValue(w), new IValue(g), new IValue(m), new IValue(v), new IValue(steps)))
            .close();
  }

  private Runnable lamb4j(Hyperparameters hyperparameters, boolean clip) {
    SplittableRandom random = new SplittableRandom(1);
    List<HostParameter> parameters = new ArrayList<>();
    for (TensorShape tensor : tensors) {
      parameters.add(
          Parameter.onHost(tensor.name(), values(random, tensor), values(random, tensor)));
    }
    LambBuilder builder =
        Lamb.onCpu()
            .threads(THREADS)
            .reportedNorms(ReportedNorms.ADAPTED)
            .group("all", hyperparameters, parameters);
    if (clip) {
      builder.maxGradNorm(1);
    }
    Lamb lamb = builder.build();
    return lamb::step;
  }

  private static float[] values(SplittableRandom random, TensorShape tensor) {
    float[] values = new float[(int) tensor.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }
}
