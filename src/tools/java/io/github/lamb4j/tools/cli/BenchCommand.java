package io.github.lamb4j.tools.cli;

import io.github.lamb4j.BackendChoice;
import io.github.lamb4j.config.StepPath;
import io.github.lamb4j.internal.files.AtomicFile;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.sharding.HostCollective;
import io.github.lamb4j.tools.bench.Bench;
import io.github.lamb4j.tools.bench.BenchReport;
import io.github.lamb4j.tools.bench.BenchSettings;
import io.github.lamb4j.tools.bench.ModelShapes;
import io.github.lamb4j.tools.bench.Models;
import io.github.lamb4j.tools.bench.ShapesFile;
import io.github.lamb4j.tools.bench.WrongBits;
import io.github.lamb4j.tools.progress.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code lamb bench}: times a step on the tensors of real models. */
@Command(
    name = "bench",
    description = {
      "Times one optimizer step on a model's tensors: a memory copy (the ceiling), AdamW, LAMB, and"
          + " on CUDA a textbook LAMB made of cuBLAS calls. All are interleaved in one run.",
      "Bytes are counted; on CUDA from the tiles that the single pass actually deferred.",
      "Started by mpirun, it also times LAMB sharded over all processes, on the CPU, and counts the"
          + " bytes that each sends."
    },
    footer = {
      "",
      "SHAPES.json is an array of tensors; decay and adapt default to true:",
      "  [{\"name\": \"dense.weight\", \"shape\": [1024, 4096]},",
      "   {\"name\": \"dense.bias\", \"shape\": [1024], \"decay\": false, \"adapt\": false}]"
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class BenchCommand implements Callable<Integer> {

  /** The other ranks wait while rank 0 times a single process. */
  private static final Duration TIMEOUT = Duration.ofMinutes(30);

  private static final int MOST_THREADS = 256;
  private static final int MOST_REPETITIONS = 100_000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "bert-large, bert-base, resnet-50, gpt2-xl, llama-7b or SHAPES.json. Default: the first"
              + " of the first three that fits.")
  private String model;

  @Option(
      names = "--backend",
      defaultValue = BackendOption.AUTO,
      paramLabel = "NAME",
      converter = BackendOption.Converter.class,
      completionCandidates = BackendOption.Converter.class,
      description = "${COMPLETION-CANDIDATES}.")
  private BackendOption backend;

  @Option(
      names = "--path",
      defaultValue = "auto",
      paramLabel = "PATH",
      converter = PathConverter.class,
      description =
          "How LAMB passes through memory on CUDA: single-pass, two-pass, or auto for both, each in"
              + " its own row.")
  private StepPath path;

  @Option(names = "--clip", description = "Clip the norm of the gradients, in every optimizer.")
  private boolean clip;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      description =
          "Repetitions of each. Default: 30; on the CPU fewer if 30 would take more than 45 seconds.")
  private Integer repeat;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the CPU backend (default: one per core).")
  private Integer threads;

  @Option(
      names = "--no-check",
      description = "Do not compare the first steps on CUDA with the CPU's before timing.")
  private boolean noCheck;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description =
          "Write all results to FILE as JSON: every repetition, device, versions, clocks, commit.")
  private Path json;

  @Option(
      names = "--write-shapes",
      paramLabel = "FILE",
      description =
          "Instead of timing, write the tensors of --model to FILE, for scripts/bench-peers.py.")
  private Path writeShapes;

  private final Launch launch = Launch.of(System.getenv());

  @Override
  public Integer call() throws IOException {
    check();
    if (writeShapes != null) {
      ModelShapes shapes = models().get(0);
      AtomicFile.write(
          writeShapes, channel -> ShapesFile.write(shapes, Channels.newOutputStream(channel)));
      return 0;
    }
    BackendChoice choice = backend.choice();
    if (launch.size() > 1 && !choice.backend().equals("cpu")) {
      throw new BadInput(
          "backend %s: the benchmark runs in %d processes only on the CPU; use --backend cpu"
              .formatted(choice.backend(), launch.size()));
    }
    try (HostCollective ranks = launch.connect(TIMEOUT)) {
      return bench(choice, ranks);
    }
  }

  private int bench(BackendChoice choice, HostCollective ranks) throws IOException {
    List<ModelShapes> models = models();
    PrintWriter err = spec.commandLine().getErr();
    BenchSettings settings = new BenchSettings(path, clip, threads(), !noCheck);
    OptionalInt repetitions = repeat == null ? OptionalInt.empty() : OptionalInt.of(repeat);
    Bench bench = new Bench(settings, repetitions, line -> say(err, line), Progress.of(err));
    if (ranks.rank() > 0) {
      bench.follow(models, ranks);
      return 0;
    }
    BenchReport report;
    try {
      report = bench.run(choice, models, ranks);
    } catch (WrongBits e) {
      throw new CommandFailed("the device computes other numbers than the CPU: " + e.getMessage());
    }
    if (json != null) {
      AtomicFile.write(json, channel -> report.writeJson(Channels.newOutputStream(channel)));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(choice.backend().toUpperCase(Locale.ROOT) + ": " + choice.reason());
    out.print(report.table());
    out.flush();
    return 0;
  }

  private static void say(PrintWriter to, String line) {
    to.println("lamb bench: " + line);
    to.flush();
  }

  private void check() throws IOException {
    if (repeat != null && (repeat < 1 || repeat > MOST_REPETITIONS)) {
      throw new BadInput("--repeat " + repeat + ": use 1 to " + MOST_REPETITIONS);
    }
    if (threads != null && (threads < 1 || threads > MOST_THREADS)) {
      throw new BadInput("--threads " + threads + ": use 1 to " + MOST_THREADS);
    }
    if (writeShapes != null && model == null) {
      throw new BadInput(
          "--write-shapes: --model is missing; specify the model whose tensors to write");
    }
    if (json != null && launch.isFirst()) {
      AtomicFile.requireWritable(json);
    }
  }

  private List<ModelShapes> models() throws IOException {
    if (model == null) {
      return Models.defaults();
    }
    Optional<ModelShapes> named = Models.named(model);
    if (named.isPresent()) {
      return List.of(named.get());
    }
    Path file = file(model);
    if (file == null || !Files.isRegularFile(file)) {
      throw new BadInput(
          "--model %s: neither a file nor one of %s"
              .formatted(Printable.value(model), String.join(", ", Models.names())));
    }
    return List.of(ShapesFile.read(file));
  }

  private static Path file(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      return null;
    }
  }

  private int threads() {
    return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
  }

  static final class PathConverter implements ITypeConverter<StepPath> {
    @Override
    public StepPath convert(String name) {
      for (StepPath path : StepPath.values()) {
        if (path.name().replace('_', '-').equalsIgnoreCase(name)) {
          return path;
        }
      }
      throw new TypeConversionException(
          Printable.value(name) + " is not a path; use single-pass, two-pass or auto");
    }
  }
}
