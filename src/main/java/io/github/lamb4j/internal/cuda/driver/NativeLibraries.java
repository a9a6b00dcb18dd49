package io.github.lamb4j.internal.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import jcuda.LibUtils;

/**
 * Unpacks JCuda's native libraries before JCuda does.
 *
 * <p>JCuda writes a library directly to its final name in {@code java.io.tmpdir} and loads any file
 * of that name. Another process can therefore map a file that is still being written, and crash.
 * Here a library appears under its final name only when it is complete.
 */
public final class NativeLibraries {

  /** All but JNvPTXCompiler, whose 24 MB would have to be compared at each start. */
  private static final List<String> NAMES =
      List.of(
          "JCudaDriver",
          "JCudaRuntime",
          "JNvrtc",
          "JCublas",
          "JCublas2",
          "JCudnn",
          "JCufft",
          "JCurand",
          "JCusolver",
          "JCusparse",
          "JNvgraph");

  private static boolean unpacked;

  private NativeLibraries() {}

  /**
   * Unpacks the libraries found on the class path or module path, once per process. Leaves to JCuda
   * whatever it cannot do, such as writing to a read-only directory. Libraries on {@code
   * java.library.path} are not left out: without a driver, JCuda fails to load them and unpacks.
   *
   * @throws IllegalStateException if a different file has a library's name and cannot be replaced
   */
  public static synchronized void unpack() {
    if (!unpacked) {
      try {
        unpack(LibUtils.class.getClassLoader(), Path.of(System.getProperty("java.io.tmpdir")));
      } catch (LinkageError e) {
        return; // without JCuda there is nothing to unpack
      }
      unpacked = true;
    }
  }

  private static void unpack(ClassLoader loader, Path directory) {
    String version = version(loader);
    for (String name : NAMES) {
      String library = LibUtils.createPlatformLibraryName(name + "-" + version);
      String file = LibUtils.createLibraryFileName(library);
      byte[] content = read(loader, "lib/" + file);
      if (content.length > 0) {
        put(content, directory.resolve(file));
      }
    }
  }

  /** JCuda's version, which is part of its libraries' names. JCuda 10.2 has no class that knows. */
  private static String version(ClassLoader loader) {
    Properties properties = new Properties();
    try (InputStream in =
        loader.getResourceAsStream("META-INF/maven/org.jcuda/jcuda/pom.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      // as if there were no such file
    }
    return properties.getProperty("version", "unknown");
  }

  /** A resource's content; empty if there is no such resource. */
  private static byte[] read(ClassLoader loader, String resource) {
    // Not Class.getResourceAsStream: on the module path, the natives are in a module of their own.
    try (InputStream in = loader.getResourceAsStream(resource)) {
      return in == null ? new byte[0] : in.readAllBytes();
    } catch (IOException e) {
      return new byte[0];
    }
  }

  /** Makes a file hold the given content, so that others see either the old file or the new one. */
  static void put(byte[] content, Path file) {
    if (holds(file, content)) {
      return;
    }
    // Not Files.createTempFile: other users could not read such a file.
    Path temporary = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      Files.createDirectories(file.getParent());
      Files.write(temporary, content, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      delete(temporary);
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !holds(file, content)) {
        throw new IllegalStateException(
            ("%s is not JCuda's library of that name and cannot be replaced (%s); delete it, or"
                    + " set -Djava.io.tmpdir to a directory of your own")
                .formatted(file, e.getClass().getSimpleName()),
            e);
      }
    }
  }

  private static boolean holds(Path file, byte[] content) {
    try {
      return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          && Files.size(file) == content.length
          && Arrays.equals(Files.readAllBytes(file), content);
    } catch (IOException e) {
      return false;
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // a leftover does no harm
    }
  }
}
