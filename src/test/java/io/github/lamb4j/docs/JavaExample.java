package io.github.lamb4j.docs;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Java shown in the documentation: a class with its imports, methods, or statements. Methods and
 * statements are completed to a class that imports every public package.
 */
final class JavaExample {

  private static final Pattern CLASS =
      Pattern.compile("^(?:final )?class (\\w+)", Pattern.MULTILINE);
  private static final Pattern METHOD = Pattern.compile("^static ", Pattern.MULTILINE);

  private static final String IMPORTS =
      """
      import java.io.*;
      import java.nio.*;
      import java.nio.file.*;
      import java.time.*;
      import java.util.*;
      import io.github.lamb4j.*;
      import io.github.lamb4j.config.*;
      import io.github.lamb4j.emulator.EmulatedGpu;
      import io.github.lamb4j.error.*;
      import io.github.lamb4j.model.*;
      import io.github.lamb4j.page.*;
      import io.github.lamb4j.report.*;
      import io.github.lamb4j.schedule.*;
      import io.github.lamb4j.sharding.*;
      import jcuda.Pointer;
      import jcuda.driver.*;
      class Example {
      """;

  private final MarkdownPage.Block block;
  private final String name;
  private final String source;

  JavaExample(MarkdownPage.Block block) {
    this.block = block;
    Matcher type = CLASS.matcher(block.code());
    if (type.find()) {
      name = type.group(1);
      source = block.code();
    } else {
      name = "Example";
      source = IMPORTS + (METHOD.matcher(block.code()).find() ? block.code() : main()) + "}\n";
    }
  }

  private String main() {
    return "public static void main(String[] arguments) throws Exception {\n"
        + block.code()
        + "}\n";
  }

  /** Whether it is a program that runs without a GPU. */
  boolean isRunnable() {
    return source.contains("void main(String[]") && !block.code().matches("(?s).*(jcuda|onCuda).*");
  }

  String source() {
    return source;
  }

  /** What the documentation says it prints, or an empty string. */
  String expectedOutput() {
    return block.output();
  }

  void compile(Path folder) {
    Snippets.compile(name, source, folder);
  }

  /** Runs what was compiled, and returns what it printed. */
  String run(Path folder) throws Exception {
    Locale locale = Locale.getDefault();
    PrintStream out = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      Locale.setDefault(Locale.ROOT);
      System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
      Method main = loader.loadClass(name).getMethod("main", String[].class);
      main.setAccessible(true);
      main.invoke(null, (Object) new String[0]);
    } finally {
      System.setOut(out);
      Locale.setDefault(locale);
    }
    return printed.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
  }

  @Override
  public String toString() {
    return block.toString();
  }
}
