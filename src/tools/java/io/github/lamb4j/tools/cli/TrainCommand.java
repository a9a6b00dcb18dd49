package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.files.AtomicFile;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.sharding.HostCollective;
import io.github.lamb4j.tools.progress.Progress;
import io.github.lamb4j.tools.train.Contender;
import io.github.lamb4j.tools.train.DataParallel;
import io.github.lamb4j.tools.train.Examples;
import io.github.lamb4j.tools.train.Glosses;
import io.github.lamb4j.tools.train.Tokenizer;
import io.github.lamb4j.tools.train.Trainer;
import io.github.lamb4j.tools.train.TrainingReport;
import io.github.lamb4j.tools.train.TrainingRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code lamb train}: compares LAMB with AdamW on WordNet's glosses. */
@Command(
    name = "train",
    description = {
      "Trains a classifier that sorts WordNet's 117,791 glosses into 45 lexicographer classes, with"
          + " LAMB and with AdamW at each batch size. Compares them on held-out glosses.",
      "Runs on the GPU if there is one. Every run on the CPU gives the same bits, for any --threads;"
          + " so does every run on one GPU, which differs from the CPU by rounding.",
      "Started by mpirun, all processes train one model on the CPU and divide each batch; the bits"
          + " depend on --micro-batches, not on the number of processes."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class TrainCommand implements Callable<Integer> {

  /** Ranks wait for the slowest, for example while it reads the glosses. */
  private static final Duration TIMEOUT = Duration.ofMinutes(5);

  @Spec private CommandSpec spec;

  @Option(
      names = "--batch-size",
      split = ListOption.COMMA,
      splitSynopsisLabel = ",",
      paramLabel = "N",
      defaultValue = "256,8192",
      description = "Examples per step, with one run for each value (default: ${DEFAULT-VALUE}).")
  private List<Integer> batchSizes;

  @Option(
      names = "--optimizer",
      split = ListOption.COMMA,
      splitSynopsisLabel = ",",
      paramLabel = "NAME",
      defaultValue = "lamb,adamw",
      converter = ContenderConverter.class,
      description = "lamb, adamw or both (default: ${DEFAULT-VALUE}).")
  private List<Contender> contenders;

  @Option(
      names = "--lamb-lr",
      paramLabel = "RATE",
      description = "LAMB's peak learning rate at every batch size (default: tuned).")
  private Double lambRate;

  @Option(
      names = "--adamw-lr",
      paramLabel = "RATE",
      description = "AdamW's peak learning rate at every batch size (default: tuned).")
  private Double adamwRate;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "5",
      description = "Passes over the training examples (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Determines the split, the initial weights and the order (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--micro-batches",
      paramLabel = "N",
      description =
          "Micro-batches per batch, on all processes, whose gradients are summed (default: one per"
              + " process).")
  private Integer microBatches;

  @Option(
      names = "--backend",
      defaultValue = BackendOption.AUTO,
      paramLabel = "NAME",
      converter = BackendOption.Converter.class,
      completionCandidates = BackendOption.Converter.class,
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private BackendOption backend;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "Threads of the CPU backend; does not affect the results (default: one per core).")
  private Integer threads;

  @Option(
      names = "--max-examples",
      paramLabel = "N",
      description = "Number of glosses to use, chosen at random by the seed (default: all).")
  private Integer maxExamples;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the results to FILE as JSON, whole or not at all.")
  private Path json;

  @Mixin private SweepOptions sweep;

  private final Launch launch = Launch.of(System.getenv());

  @Override
  public Integer call() throws IOException {
    check();
    if (sweep.isRequested()) {
      sweep.run(backend, threads(), json);
      return 0;
    }
    TrainingReport report;
    String ranOn;
    try (HostCollective ranks = launch.connect(TIMEOUT)) {
      Launch.requireSame(ranks, options());
      DataParallel parallel = new DataParallel(ranks, microBatches());
      Examples.Split data = data();
      checkSizes(data);
      try (TrainingChoice choice = TrainingChoice.of(backend, threads(), parallel)) {
        report =
            new TrainingReport(
                seed,
                data,
                train(data, choice, parallel),
                choice.backend().name(),
                choice.reason(),
                threads(),
                parallel.microBatches(),
                parallel.ranks());
        ranOn = choice.describe() + parallel.describe();
      }
    }
    if (launch.isFirst()) {
      publish(report, ranOn);
    }
    return report.runs().stream().anyMatch(TrainingRun::diverged)
        ? CommandLine.ExitCode.SOFTWARE
        : 0;
  }

  private Examples.Split data() {
    return Examples.split(
        Glosses.load(),
        new Tokenizer(Trainer.BUCKETS),
        seed,
        maxExamples == null ? Integer.MAX_VALUE : maxExamples);
  }

  private void publish(TrainingReport report, String ranOn) throws IOException {
    if (json != null) {
      AtomicFile.write(json, channel -> report.writeJson(Channels.newOutputStream(channel)));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(ranOn);
    out.print(report.table());
    out.flush();
  }

  private List<TrainingRun> train(
      Examples.Split data, TrainingChoice choice, DataParallel parallel) {
    List<TrainingRun> runs = new ArrayList<>();
    Progress progress =
        launch.isFirst() ? Progress.of(spec.commandLine().getErr()) : Progress.SILENT;
    Trainer trainer = new Trainer(data, epochs, seed, choice.backend(), parallel, progress);
    for (int batchSize : batchSizes) {
      for (Contender contender : contenders) {
        TrainingRun run = trainer.run(contender, batchSize, rate(contender, batchSize));
        runs.add(run);
        if (run.diverged() && launch.isFirst()) {
          complain(run);
        }
      }
    }
    return runs;
  }

  private void check() {
    sweep.check(launch);
    for (int batchSize : batchSizes) {
      require(batchSize >= 1, "--batch-size " + batchSize + ": must be at least 1");
    }
    require(epochs >= 1, "--epochs " + epochs + ": must be at least 1");
    if (threads != null) {
      require(threads >= 1 && threads <= 256, "--threads " + threads + ": must be from 1 to 256");
    }
    if (maxExamples != null) {
      require(maxExamples >= 1000, "--max-examples " + maxExamples + ": must be at least 1000");
    }
    checkRate("--lamb-lr", lambRate);
    checkRate("--adamw-lr", adamwRate);
    checkMicroBatches();
    if (json != null && launch.isFirst()) {
      checkJson();
    }
  }

  private void checkMicroBatches() {
    int least = batchSizes.stream().min(Integer::compare).orElseThrow();
    int count = microBatches();
    String option = microBatches == null ? count + " micro-batches" : "--micro-batches " + count;
    require(count >= 1, option + ": must be at least 1");
    require(
        count <= least,
        option + ": more than the " + least + " examples of a batch; use a larger --batch-size");
  }

  /** The options that decide the results, which must be the same on every rank. */
  private String options() {
    return "--batch-size %s --optimizer %s --lamb-lr %s --adamw-lr %s --epochs %d --seed %d --micro-batches %d --max-examples %d"
        .formatted(
            batchSizes, contenders, lambRate, adamwRate, epochs, seed, microBatches(), maxExamples);
  }

  private int microBatches() {
    return microBatches == null ? launch.size() : microBatches;
  }

  // AtomicFile would refuse the same, but only after minutes of training.
  private void checkJson() {
    String file = "--json " + Printable.path(json);
    Path folder = json.toAbsolutePath().getParent();
    require(!Files.isSymbolicLink(json), file + ": is a symbolic link; name the file itself");
    require(
        !Files.exists(json) || Files.isRegularFile(json),
        file + ": is not a regular file; name another");
    require(
        folder != null && Files.isDirectory(folder),
        file + ": the folder does not exist; create it first");
    require(Files.isWritable(folder), file + ": the folder is not writable; name another");
  }

  private void checkRate(String option, Double rate) {
    if (rate != null) {
      require(
          rate > 0 && Double.isFinite(rate),
          option + " " + rate + ": must be above 0, for example 0.01");
    }
  }

  private void checkSizes(Examples.Split data) {
    for (int batchSize : batchSizes) {
      require(
          batchSize <= data.train().size(),
          String.format(
              Locale.ROOT,
              "--batch-size %d: there are only %d training examples; use at most that many",
              batchSize,
              data.train().size()));
    }
  }

  private void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), otherwise);
    }
  }

  private int threads() {
    return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
  }

  private double rate(Contender contender, int batchSize) {
    Double given = contender == Contender.LAMB ? lambRate : adamwRate;
    return given == null ? contender.learningRate(batchSize) : given;
  }

  private void complain(TrainingRun run) {
    String option = run.contender() == Contender.LAMB ? "--lamb-lr" : "--adamw-lr";
    spec.commandLine()
        .getErr()
        .printf(
            Locale.ROOT,
            "lamb train: %s diverged at batch size %d with learning rate %s: use a lower %s%n",
            run.contender().label(),
            run.batchSize(),
            run.learningRate(),
            option);
    spec.commandLine().getErr().flush();
  }

  static final class ContenderConverter implements ITypeConverter<Contender> {
    @Override
    public Contender convert(String name) {
      for (Contender contender : Contender.values()) {
        if (contender.label().equalsIgnoreCase(name)) {
          return contender;
        }
      }
      throw new TypeConversionException("'" + name + "' is not an optimizer; use lamb or adamw");
    }
  }
}
