package io.github.lamb4j.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.internal.chart.Page;
import io.github.lamb4j.internal.runpage.RunCharts;
import io.github.lamb4j.internal.runpage.RunHistory;
import io.github.lamb4j.internal.runpage.RunStep;
import io.github.lamb4j.tools.sweep.SweepCell;
import io.github.lamb4j.tools.sweep.SweepPage;
import io.github.lamb4j.tools.sweep.SweepResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** On phones and on desktops, in both themes, nothing overflows or overlaps, and all is legible. */
class PageLayoutTest {

  private static final int PHONE = 360;
  private static final int DESKTOP = 1280;

  @TempDir private Path folder;

  private enum Sample {
    SWEEP {
      @Override
      Page page() {
        return SweepPage.of(sweep(0.02));
      }
    },
    DIVERGED_SWEEP {
      @Override
      Page page() {
        return SweepPage.of(sweep(0));
      }
    },
    MANY_LAYERS {
      @Override
      Page page() {
        return run(391, 700, 1);
      }
    },
    FEW_LAYERS {
      @Override
      Page page() {
        return run(8, 100, 1e-9);
      }
    },
    ONE_STEP {
      @Override
      Page page() {
        return run(2, 1, 1e12);
      }
    },
    NOTHING_FINITE {
      @Override
      Page page() {
        return run(12, 3, Double.NaN);
      }
    };

    abstract Page page();
  }

  /** A sweep in which rates above a limit diverge. */
  private static SweepResult sweep(double limit) {
    List<Integer> sizes = List.of(256, 1024, 4096, 16_384, 32_768);
    List<String> optimizers = List.of("lamb", "adamw", "sgd");
    List<Double> rates = List.of(0.001, 0.01, 0.1, 8.192);
    List<SweepCell> grid = new ArrayList<>();
    List<SweepCell> transfer = new ArrayList<>();
    for (String optimizer : optimizers) {
      for (int size : sizes) {
        for (long seed = 1; seed <= 2; seed++) {
          for (double rate : rates) {
            grid.add(cell(optimizer, size, rate, seed, rate > limit));
          }
          transfer.add(cell(optimizer, size, 0.015, seed, 0.015 > limit));
        }
      }
    }
    return new SweepResult(
        "small", "cpu", 2, sizes, optimizers, rates, List.of(1L, 2L), grid, transfer);
  }

  private static SweepCell cell(
      String optimizer, int size, double rate, long seed, boolean diverged) {
    double score = diverged ? 0 : 0.5 + seed / 50.0 - size / 1e5;
    List<Double> losses = diverged ? List.of() : List.of(3.0 + seed, 1e4 * seed);
    List<Double> ratios = List.of(1e-7 * seed, 12_345.0);
    List<SweepCell.TrustCurve> curves =
        List.of(
            new SweepCell.TrustCurve("embedding.weight", List.of(1L, 1104L), ratios),
            new SweepCell.TrustCurve("x".repeat(300), List.of(1L, 1104L), ratios));
    return new SweepCell(
        optimizer, size, rate, seed, diverged, 1104, 0, score, score, score, losses, curves);
  }

  private static Page run(int layers, int steps, double size) {
    Random random = new Random(1);
    RunHistory history = new RunHistory();
    List<String> names = IntStream.range(0, layers).mapToObj(PageLayoutTest::name).toList();
    for (int step = 1; step <= steps; step++) {
      double[] values =
          IntStream.range(0, layers)
              .mapToDouble(i -> size * Math.exp(i / 50.0 + random.nextGaussian()))
              .toArray();
      history.add(
          new RunStep(
              step * 1000L,
              step / 50,
              step % 50 == 0 ? Double.NaN : size / step,
              List.of(new RunStep.Rate("weights", 0.1 / step), new RunStep.Rate("biases", 1e-7)),
              size,
              size,
              new RunStep.Extreme(names.get(0), values[0]),
              new RunStep.Extreme(names.get(1), values[1]),
              new RunStep.Layers(names, values, values, values)));
    }
    return RunCharts.page("A run of a model named " + "y".repeat(100), history);
  }

  private static String name(int layer) {
    return switch (layer % 3) {
      case 0 -> "<script>alert(" + layer + ")</script>";
      case 1 -> "bert.encoder.layer." + layer + ".attention.self.query.weight";
      default -> "very_long_name_without_places_to_break_".repeat(8) + layer;
    };
  }

  @ParameterizedTest
  @EnumSource(Sample.class)
  void shouldFitEveryScreenInBothThemes(Sample sample) throws Exception {
    Chromium chromium = new Chromium(folder);
    Path file = folder.resolve("page.html");
    sample.page().write(file);
    String html = Files.readString(file);
    List<Chromium.Layout> layouts = new ArrayList<>();
    layouts.addAll(chromium.layouts(html, false, PHONE, DESKTOP));
    layouts.addAll(chromium.layouts(html, true, PHONE, DESKTOP));
    layouts.forEach(layout -> assertEquals(List.of(), layout.problems(), layout.view()));
    assertEquals(
        List.of("dark 1280", "dark 360", "light 1280", "light 360"),
        layouts.stream().map(Chromium.Layout::view).sorted().toList());
  }

  @Test
  void shouldNoticeWhatIsWrong() throws Exception {
    String html =
        """
        <!DOCTYPE html><html><body style="margin:0;background:#fff;color:#000">
        <p style="width:500px">wide</p><p style="color:#ccc">pale</p>
        <svg role="img" viewBox="0 0 340 100" width="300">
        <text x="10" y="50">one</text><text x="15" y="50">two</text><text x="330" y="90">outside</text>
        <path class="line" stroke="#eee" d="M1 1h5"/></svg>
        <img src="image.png" alt="">
        """;
    List<String> problems = new Chromium(folder).layouts(html, false, PHONE).get(0).problems();
    for (String problem :
        List.of(
            "scrolls to 500",
            "P \"wide\" leaves the page",
            "P \"pale\": rgb(204, 204, 204) on rgb(255, 255, 255) is hard to read",
            "chart: text \"one\" overlaps text \"two\"",
            "text \"outside\" leaves its chart",
            "line on rgb(255, 255, 255) is hard to see",
            "refers to another file")) {
      assertTrue(
          problems.stream().anyMatch(p -> p.contains(problem)), problem + " not in " + problems);
    }
  }
}
