// Drives the snippet of Spring, see ../README.md. It stands in the snippet's package, as a test of it would.

package com.example;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;

public class Drive {
    public static void main(String[] args) throws Exception {
        String secret = System.getenv("PICTIFY_WEBHOOK_SECRET");
        PictifyWebhookController controller = new PictifyWebhookController(secret == null ? "" : secret);
        Slow pool = new Slow();
        Field field = PictifyWebhookController.class.getDeclaredField("pool");
        field.setAccessible(true);
        ((ExecutorService) field.get(controller)).shutdown();
        field.set(controller, pool);
        Method receive = null;
        for (Method m : PictifyWebhookController.class.getMethods()) {
            PostMapping mapping = m.getAnnotation(PostMapping.class);
            if (mapping != null && mapping.value()[0].equals("/webhooks/pictify")) {
                receive = m;
            }
        }
        System.out.println("ready");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line; (line = in.readLine()) != null; ) {
            String[] fields = line.split(" ");
            controller.clock = Clock.fixed(Instant.ofEpochSecond(Long.parseLong(fields[0])), ZoneOffset.UTC);
            Logger.answered = false;
            int status = 500;
            try {
                status = ((ResponseEntity<?>) receive.invoke(controller, arguments(receive, fields))).status;
            } catch (InvocationTargetException e) {
                e.getCause().printStackTrace();
            }
            Logger.answered = true;
            pool.run();
            StringBuilder out = new StringBuilder().append(status);
            Logger.said.forEach(said -> out.append(' ').append(said));
            Logger.said.clear();
            System.out.println(out);
        }
    }

    // What the annotations ask for. Absent headers are their default values; no body is null.
    static Object[] arguments(Method receive, String[] fields) {
        List<Object> values = new ArrayList<>();
        for (Parameter p : receive.getParameters()) {
            RequestHeader header = p.getAnnotation(RequestHeader.class);
            byte[] value = decode(fields[header == null ? 4 : header.name().equals("X-Pictify-Signature") ? 1 : 2]);
            if (header == null) {
                values.add(value == null || value.length == 0 ? null : value);
            } else {
                String absent = header.required() ? header.defaultValue() : null;
                values.add(value == null ? absent : new String(value, StandardCharsets.ISO_8859_1));
            }
        }
        return values.toArray();
    }

    static byte[] decode(String field) {
        return field.equals("-") ? null : Base64.getDecoder().decode(field.substring(1));
    }

    // A pool whose threads begin when the answer has been given.
    static class Slow extends AbstractExecutorService {
        private final List<Runnable> tasks = new ArrayList<>();

        @Override
        public void execute(Runnable task) {
            tasks.add(task);
        }

        void run() {
            for (Runnable task : tasks) {
                try {
                    task.run();
                } catch (RuntimeException e) {
                    e.printStackTrace();
                }
            }
            tasks.clear();
        }

        @Override
        public void shutdown() { }

        @Override
        public List<Runnable> shutdownNow() {
            return tasks;
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return false;
        }
    }
}
