/** What every file that the library writes has in common. */
package io.github.lamb4j.internal.files;
