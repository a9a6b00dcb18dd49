package io.github.lamb4j.mutation;

import io.github.lamb4j.internal.cuda.TestDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the tests tagged {@code kernels} through the JUnit Platform.
 *
 * <p>A run on the original kernels records which kernels each test launches and how long it takes.
 * A mutant is then tried only on the tests that launch its kernel, shortest first.
 */
final class KernelTests {

  /** The tag of the tests that are run on mutants. */
  static final String TAG = "kernels";

  private static final String PACKAGE = "io.github.lamb4j.internal.cuda";

  private static final Launcher LAUNCHER =
      LauncherFactory.create(
          LauncherConfig.builder().enableTestExecutionListenerAutoRegistration(false).build());

  private final List<KernelTest> tests;

  private KernelTests(List<KernelTest> tests) {
    this.tests =
        tests.stream()
            .filter(test -> !test.kernels().isEmpty())
            .sorted(Comparator.comparingLong(KernelTest::nanos))
            .toList();
  }

  /** Measures all tests with the tag. */
  static KernelTests measureAll() {
    return measure(DiscoverySelectors.selectPackage(PACKAGE));
  }

  /**
   * Measures the selected tests with the tag.
   *
   * @throws IllegalStateException if one fails on the original kernels
   */
  static KernelTests measure(DiscoverySelector... selectors) {
    Measurement measurement = new Measurement();
    TestDevice.onLaunch(measurement::launched);
    try {
      LAUNCHER.execute(request(selectors), measurement);
    } finally {
      TestDevice.onLaunch(kernel -> {});
    }
    if (measurement.failure != null) {
      throw measurement.failure;
    }
    return new KernelTests(measurement.tests);
  }

  /** Reads what {@link #write} wrote. */
  static KernelTests read(Path file) throws IOException {
    return new KernelTests(Files.readAllLines(file).stream().map(KernelTest::parse).toList());
  }

  void write(Path file) throws IOException {
    Files.write(file, tests.stream().map(KernelTest::line).toList());
  }

  /** The tests that launch a kernel, shortest first. */
  List<KernelTest> of(String kernel) {
    return tests.stream().filter(test -> test.kernels().contains(kernel)).toList();
  }

  /** Runs one test and returns its failure, if it fails. */
  static Optional<Throwable> run(KernelTest test) {
    Outcomes outcomes = new Outcomes();
    LAUNCHER.execute(request(DiscoverySelectors.selectUniqueId(test.id())), outcomes);
    if (outcomes.finished == 0 && outcomes.failure == null) {
      throw new IllegalStateException("test %s was not found".formatted(test.name()));
    }
    return Optional.ofNullable(outcomes.failure);
  }

  private static LauncherDiscoveryRequest request(DiscoverySelector... selectors) {
    return LauncherDiscoveryRequestBuilder.request()
        .selectors(selectors)
        .filters(EngineFilter.includeEngines("junit-jupiter"), TagFilter.includeTags(TAG))
        .build();
  }

  /** Counts finished tests and keeps the first failure. */
  private static final class Outcomes implements TestExecutionListener {
    private int finished;
    private Throwable failure;

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      finished += test.isTest() ? 1 : 0;
      if (failure == null) {
        failure = result.getThrowable().orElse(null);
      }
    }
  }

  /** Records tests with their kernels and durations. */
  private static final class Measurement implements TestExecutionListener {
    private final List<KernelTest> tests = new ArrayList<>();
    private final Map<String, Long> started = new HashMap<>();

    /** Tests of several ranks launch kernels from several threads. */
    private volatile Set<String> kernels = new ConcurrentSkipListSet<>();

    private IllegalStateException failure;

    void launched(String kernel) {
      kernels.add(kernel);
    }

    @Override
    public void executionStarted(TestIdentifier test) {
      if (test.isTest()) {
        kernels = new ConcurrentSkipListSet<>();
        started.put(test.getUniqueId(), System.nanoTime());
      }
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (failure == null && result.getThrowable().isPresent()) {
        failure =
            new IllegalStateException(
                "test %s fails on the original kernels; fix it first".formatted(name(test)),
                result.getThrowable().get());
      }
      if (test.isTest()) {
        long nanos = System.nanoTime() - started.remove(test.getUniqueId());
        tests.add(new KernelTest(test.getUniqueId(), name(test), kernels, nanos));
      }
    }

    /** Class, method and number of the case. */
    private static String name(TestIdentifier test) {
      String name = test.getLegacyReportingName();
      return test.getSource()
          .filter(MethodSource.class::isInstance)
          .map(source -> ((MethodSource) source).getJavaClass().getSimpleName() + "." + name)
          .orElse(name);
    }
  }
}
