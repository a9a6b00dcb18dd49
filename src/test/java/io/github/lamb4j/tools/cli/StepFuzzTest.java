package io.github.lamb4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever the arguments and files, the command gives a result, or one line and no change. */
@Tag("slow")
class StepFuzzTest {

  private static final int RUNS = 200;

  private static final List<String> OPTIONS =
      List.of(
          "--params",
          "--grads",
          "--state",
          "--out",
          "--lr",
          "--beta1",
          "--beta2",
          "--epsilon",
          "--weight-decay",
          "--no-bias-correction",
          "--bias-correction",
          "--preset",
          "--decoupled-decay",
          "--no-grad-averaging",
          "--lans",
          "--grad-scale",
          "--skip-nonfinite",
          "--nonfinite",
          "--frozen",
          "--freeze-missing",
          "--max-grad-norm",
          "--trust-min",
          "--trust-max",
          "--weight-norm-max",
          "--no-decay",
          "--no-adapt",
          "--threads",
          "--backend",
          "--",
          "-x");

  private static final List<String> VALUES =
      List.of(
          "",
          "0",
          "-0",
          "-1",
          "1",
          "0.5",
          "0.999",
          "NaN",
          "-Infinity",
          "Infinity",
          "1e400",
          "1e38",
          "4.9e-324",
          "1,2",
          ",",
          "0x1p-3",
          "1e",
          "٣",
          "w",
          "(",
          "[^",
          "a{99999999999}",
          "\\",
          "$",
          "(?<n>w)\\k<n>",
          "none",
          "fail",
          "propagate",
          "b",
          "lr",
          "keras",
          "Apex-NVLamb",
          "cpu",
          "AUTO",
          "true",
          "\u0000",
          "\uD800",
          "@g",
          "${env:HOME}");

  @TempDir Path folder;

  private final Random random = new Random(20_190_401);

  @Test
  void shouldNeverFailOtherwiseThanInOneLine() throws IOException {
    Path results = Files.createDirectory(folder.resolve("out"));
    Map<Integer, Integer> codes = new TreeMap<>();
    for (int i = 0; i < RUNS; i++) {
      for (String name : List.of("p", "g", "s")) {
        Files.write(folder.resolve(name), bytes(name));
      }
      Object[] arguments = arguments().toArray();
      Map<String, String> before = CommandRun.contents(folder);
      CommandRun run = CommandRun.of(arguments);
      String what = Arrays.toString(arguments);
      if (run.exitCode() == 0) {
        assertTrue(run.err().lines().count() <= 1, run.err());
        boolean taken = TrustJson.read(results.resolve("trust.json")).size() > 0;
        assertTrue(taken || run.out().contains("\nskipped "), what);
      } else {
        if (run.exitCode() == 2) {
          run.assertRefusal();
        }
        assertTrue(run.exitCode() == 2 || run.err().contains("--nonfinite fail"), run.err());
        assertEquals(before, CommandRun.contents(folder), what);
      }
      codes.merge(run.exitCode(), 1, Integer::sum);
    }
    assertTrue(codes.getOrDefault(0, 0) > RUNS / 10, "exit codes and how often: " + codes);
    assertTrue(codes.getOrDefault(2, 0) > RUNS / 10, "exit codes and how often: " + codes);
  }

  private List<Object> arguments() {
    List<Object> arguments = new ArrayList<>(List.of("step", "--backend=cpu", "--params"));
    arguments.addAll(List.of(folder.resolve("p"), "--grads", folder.resolve("g")));
    arguments.addAll(List.of("--out", folder.resolve("out"), "--lr", "0.1"));
    if (random.nextBoolean()) {
      arguments.addAll(List.of("--state", folder.resolve("s")));
    }
    for (int changes = random.nextInt(4); changes > 0; changes--) {
      int place = 1 + random.nextInt(arguments.size());
      switch (random.nextInt(6)) {
        case 0 -> arguments.remove(place % arguments.size());
        case 1 -> arguments.set(place % arguments.size(), pick(VALUES));
        default -> {
          arguments.add(pick(OPTIONS));
          arguments.add(pick(VALUES));
        }
      }
    }
    confine(arguments, folder);
    return arguments;
  }

  /** Wherever results are to go, it is below the folder. */
  private static void confine(List<Object> arguments, Path folder) {
    for (int i = 1; i < arguments.size(); i++) {
      String out = arguments.get(i).toString();
      if (arguments.get(i - 1).equals("--out") && !out.isEmpty() && !out.startsWith("" + folder)) {
        arguments.set(i, folder + "/" + out);
      }
    }
  }

  private String pick(List<String> list) {
    return list.get(random.nextInt(list.size()));
  }

  /** A file that is right, or nearly. */
  private byte[] bytes(String name) throws IOException {
    Checkpoint file = new Checkpoint();
    for (String prefix : name.equals("s") ? List.of("exp_avg/", "exp_avg_sq/") : List.of("")) {
      file.f32(prefix + "w", random.nextFloat(), 1).f32(prefix + "b", random.nextFloat());
    }
    byte[] bytes = file.metadata("step", "" + random.nextInt(100)).bytes();
    if (random.nextInt(4) > 0) {
      return bytes;
    }
    return switch (random.nextInt(4)) {
      case 0 -> Arrays.copyOf(bytes, random.nextInt(bytes.length + 9));
      case 1 -> replaced(bytes);
      default -> {
        for (int i = random.nextInt(3); i >= 0; i--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        yield bytes;
      }
    };
  }

  /** Another header of the same length. */
  private byte[] replaced(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    String[] changes = {"F32", "I32", "\"w\"", "\"b\"", "[2]", "[9]", "step", "stop", "8", "7"};
    int change = 2 * random.nextInt(changes.length / 2);
    return text.replace(changes[change], changes[change + 1]).getBytes(StandardCharsets.ISO_8859_1);
  }
}
