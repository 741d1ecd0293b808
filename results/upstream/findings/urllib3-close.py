"""urllib3 alone, without churn: a request waits for a connection while its pool is closed."""
import socket
import threading
import time

import urllib3


def answer(connection):
    while connection.recv(65536):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")


def serve():
    while True:
        threading.Thread(target=answer, args=server.accept()[:1], daemon=True).start()


def wait():
    try:
        print("waiter:", pool.urlopen("GET", "/", retries=False).status)
    except urllib3.exceptions.HTTPError as error:
        print("waiter:", type(error).__name__, error)
    ended.set()


server = socket.create_server(("127.0.0.1", 0))
ended = threading.Event()
threading.Thread(target=serve, daemon=True).start()
pool = urllib3.HTTPConnectionPool("127.0.0.1", server.getsockname()[1], maxsize=1, block=True)
held = pool.urlopen("GET", "/", preload_content=False)
threading.Thread(target=wait, daemon=True).start()
time.sleep(0.2)
pool.close()
held.read()
held.release_conn()
print(urllib3.__version__, "the waiting request ended" if ended.wait(10) else "the waiting request still waits 10 s after close and release")
