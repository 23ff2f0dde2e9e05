import { Injectable } from '@angular/core';
@Injectable({ providedIn: 'root' })
export class ChatService {
  private readonly url = 'https://apps.mypurecloud.com.au/genesys-bootstrap/genesys.min.js';
  private readonly config = { environment: 'prod-apse2', deploymentId: '0000022c-7b1e-4c52-9d3f-00000000022c' };
  load(): void {
    const w = window as any;
    w._genesysJs = 'Genesys';
    w.Genesys = w.Genesys || function () { (w.Genesys.q = w.Genesys.q || []).push(arguments); };
    w.Genesys.c = this.config;
    const script = document.createElement('script');
    script.src = this.url;
    document.head.appendChild(script);
  }
}
